import { tf } from "@vitrine/core";
import { parity, rand, randInt } from "../testing.ts";

const image = () => tf.conv2d(rand(2, 5, 4, 3) as tf.Tensor4D, rand(1, 1, 3, 6) as tf.Tensor4D, 1, "same");
const holed = () =>
  tf.tensor2d([1, Number.NaN, 3, 4, 5, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 0], [2, 4]);

parity("reductions", [
  [
    "NaN wins in max and min, infinities do not make one",
    () => [tf.max(holed(), 1), tf.min(holed(), 1), tf.max(holed(), 0)],
  ],
  ["argMax and argMin pass over NaN", () => [tf.argMax(holed(), 1), tf.argMin(holed(), 1), tf.argMax(image(), -1)]],
  ["bools", () => [tf.all(tf.less(rand(3, 4), 1), 1), tf.any(tf.less(rand(3, 4), 0)), tf.sum(tf.less(rand(9), 0))]],
  ["integers", () => [tf.sum(randInt(0, 9, 3, 4), 0), tf.prod(randInt(1, 4, 3, 4), 1), tf.max(randInt(0, 9, 7))]],
  ["the mean of integers", () => tf.mean(randInt(0, 9, 3, 4), 1)],
  ["an image held by channels", () => [tf.mean(image(), [1, 2]), tf.sum(image(), [0, 1, 2]), tf.max(image(), 3, true)]],
  ["two of three axes of an image held by channels", () => [tf.sum(image(), [0, 2]), tf.mean(image(), [1, 3])]],
  [
    "sums over the first axes",
    () => [tf.sum(rand(7, 2, 3), 0), tf.sum(rand(7, 2, 3), [0, 1], true), tf.sum(tf.zeros([0, 3]), 0)],
  ],
  ["gradients", () => tf.grad((x) => tf.add(tf.max(x, 1), tf.mul(tf.mean(x, 1), tf.sum(x, 1))))(rand(3, 4))],
  ["moments and norms", () => [...Object.values(tf.moments(rand(3, 4), 1)), tf.norm(rand(3, 4), 2)]],
]);
