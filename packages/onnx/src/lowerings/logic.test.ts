import { tf } from "@vitrine/core";
import { parity, rand } from "../testing.ts";

const odd = () => tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, -1.5, 0]);

parity("logic", [
  ["tests for what is not a number", () => [tf.isNaN(odd()), tf.isInf(odd()), tf.isFinite(odd())]],
  ["comparisons of bools", () => tf.greater(tf.tensor1d([true, false], "bool"), tf.tensor1d([false, false], "bool"))],
  ["NaN equals nothing", () => [tf.equal(odd(), odd()), tf.notEqual(odd(), odd()), tf.lessEqual(odd(), 0)]],
  ["casts", () => [tf.cast(tf.tensor1d([1.9, -1.9, 0]), "int32"), tf.cast(odd(), "bool")]],
  [
    "a choice between bools",
    () =>
      tf.where(
        tf.tensor1d([true, false], "bool"),
        tf.tensor1d([true, true], "bool"),
        tf.tensor1d([false, false], "bool"),
      ),
  ],
  ["a choice between rows", () => tf.where(tf.tensor2d([[true], [false]], [2, 1], "bool"), rand(2, 3), rand(2, 3))],
  [
    "gradients of a choice",
    () =>
      tf.grads((a, b) => tf.where(tf.tensor1d([true, false, true, false], "bool"), tf.square(a), tf.mul(b, 2)))([
        rand(4),
        rand(4),
      ]),
  ],
]);
