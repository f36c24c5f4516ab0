import { gelu, geluTanh, tf } from "@vitrine/core";
import { parity, rand } from "../testing.ts";

const grad = (f: (x: tf.Tensor) => tf.Tensor) => () => [f(rand(3, 5)), tf.grad(f)(rand(3, 5))];

parity("activations and their gradients", [
  ["elu", grad(tf.elu)],
  ["gelu", grad(gelu)],
  ["gelu with a tanh", grad((x) => geluTanh(tf.mul(x, 5)))],
  ["leakyRelu", grad((x) => tf.leakyRelu(x, 0.3))],
  ["prelu", () => tf.grads((x, alpha) => tf.prelu(x, alpha))([rand(3, 5), rand(5)])],
  ["relu", grad(tf.relu)],
  ["relu6", grad((x) => tf.relu6(tf.mul(x, 5)))],
  ["selu", grad(tf.selu)],
  ["sigmoid", grad(tf.sigmoid)],
  ["softplus", grad(tf.softplus)],
  ["swish, as it is written with sigmoid", grad((x) => tf.mul(x, tf.sigmoid(x)))],
  ["a step with a slope", () => tf.step(tf.tensor1d([-1, 0, 2, Number.NaN]), 0.3)],
  ["relu of NaN", () => [tf.relu(tf.tensor1d([Number.NaN, -1])), tf.relu6(tf.tensor1d([Number.NaN, 9]))]],
]);
