import { tf } from "@vitrine/core";
import { parity, rand, randInt } from "../testing.ts";

const small = () => tf.tensor1d([0, 1e-7, -1e-7, 1e-3, -1e-3, 0.5, -0.5, 3, -0.999]);

parity(
  "exponentials near zero",
  [
    ["log1p to the last digits", () => tf.mul(tf.log1p(small()), 1e6)],
    ["expm1 to the last digits", () => tf.mul(tf.expm1(small()), 1e6)],
  ],
  { tolerance: 1e-6 },
);

parity("functions of one number", [
  ["log1p at the ends", () => tf.log1p(tf.tensor1d([-1, Number.POSITIVE_INFINITY, 1e30, Number.NaN]))],
  [
    "expm1 at the ends",
    () => tf.expm1(tf.tensor1d([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 80, -80, Number.NaN])),
  ],
  ["halves round to even", () => tf.round(tf.tensor1d([0.5, 1.5, 2.5, -0.5, -1.5]))],
  ["the sign of NaN and of integers", () => [tf.sign(tf.tensor1d([Number.NaN, -2, 0])), tf.sign(randInt(-2, 3, 9))]],
  ["clipping keeps NaN", () => tf.clipByValue(tf.tensor1d([Number.NaN, 5, -5]), -1, 1)],
  [
    "integers stay integers",
    () => [tf.abs(randInt(-9, 9, 5)), tf.neg(randInt(-9, 9, 5)), tf.square(randInt(-9, 9, 5))],
  ],
  [
    "gradients",
    () => tf.grad((x) => tf.add(tf.log1p(tf.square(x)), tf.mul(tf.expm1(x), tf.rsqrt(tf.exp(x)))))(rand(7)),
  ],
]);
