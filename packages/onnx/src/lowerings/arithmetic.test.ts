import { tf } from "@vitrine/core";
import { parity, rand, randInt } from "../testing.ts";

const special = () => tf.tensor1d([0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5]);
/** An image that is held as batch, channels, height, width. */
const image = () => tf.conv2d(rand(2, 5, 4, 3) as tf.Tensor4D, rand(1, 1, 3, 6) as tf.Tensor4D, 1, "same");

parity("arithmetic", [
  ["NaN wins in maximum and minimum", () => [tf.maximum(special(), 0.25), tf.minimum(special(), 0.25)]],
  ["integers beyond float32's precision", () => tf.add(tf.scalar(16777217, "int32"), tf.scalar(2, "int32"))],
  ["sums of several", () => [tf.addN([rand(3), rand(3), rand(3)]), tf.addN([randInt(0, 9, 3), randInt(0, 9, 3)])]],
  [
    "floor division rounds down, and by zero gives zero",
    () => tf.floorDiv(tf.tensor1d([7, -7, 7, -7, 5, -(2 ** 31)], "int32"), tf.tensor1d([2, 2, -2, -2, 0, 3], "int32")),
  ],
  ["floor division of floats", () => tf.floorDiv(tf.tensor1d([7.5, -7.5]), tf.tensor1d([2, 2]))],
  [
    "the remainder has the divisor's sign",
    () => [
      tf.mod(tf.tensor1d([7, -7, 7, -7, 5], "int32"), tf.tensor1d([3, 3, -3, -3, 0], "int32")),
      tf.mod(tf.tensor1d([7.5, -7.5, 7.5, -7.5]), tf.tensor1d([2, 2, -2, -2])),
    ],
  ],
  [
    "angles in all quadrants and on the axes",
    () => tf.atan2(tf.tensor1d([1, 1, -1, -1, 0, 0, 1, -1, 0]), tf.tensor1d([1, -1, 1, -1, 1, -1, 0, 0, 0])),
  ],
  ["bits", () => tf.bitwiseAnd(tf.tensor1d([12, -1], "int32"), tf.tensor1d([10, 7], "int32"))],
  ["broadcasting into an image held by channels", () => tf.mul(tf.add(image(), rand(6)), rand(4, 1))],
  ["an image held by channels with one that is not", () => tf.squaredDifference(image(), rand(2, 5, 4, 6))],
  [
    "gradients",
    () => tf.grads((a, b) => tf.sum(tf.mul(tf.pow(tf.abs(a), b), tf.mod(a, tf.scalar(2)))))([rand(2, 3), rand(3)]),
  ],
]);
