// Selective scans on this backend: the same numbers as on TensorFlow.js' cpu backend, lazily and compiled, with gradients.

import { linearScan, selectiveScan, tf } from "@vitrine/core";
import { parity, rand } from "./testing.ts";

const scan = (length: number, states: number) => () => {
  const inputs = {
    u: rand(2, length, 3),
    delta: tf.softplus(rand(2, length, 3)),
    a: tf.neg(tf.exp(rand(3, states))),
    b: rand(2, length, states),
    c: rand(2, length, states),
    d: rand(3),
  };
  const names = Object.keys(inputs) as (keyof typeof inputs)[];
  const weights = rand(2, length, 3);
  const loss = (...values: tf.Tensor[]) => {
    const given = Object.fromEntries(names.map((name, i) => [name, values[i]!])) as unknown as typeof inputs;
    return tf.sum(tf.mul(selectiveScan(given), weights)) as tf.Scalar;
  };
  return [selectiveScan(inputs), ...tf.grads(loss)(names.map((name) => inputs[name]))];
};

parity("selectiveScan", [
  ["of one token", scan(1, 1)],
  ["of one chunk", scan(7, 2)],
  ["of whole chunks", scan(49, 1)],
  ["of chunks with a rest, on three levels", scan(206, 3)],
]);

parity("linearScan", [
  ["of 50,176 tokens", () => linearScan(tf.sigmoid(rand<tf.Rank.R3>(1, 50176, 2)), rand<tf.Rank.R3>(1, 50176, 2))],
  [
    "from the last token to the first, and its gradients",
    () => {
      const inputs = [tf.sigmoid(rand(2, 150, 3)), rand(2, 150, 3)];
      const run = (a: tf.Tensor, b: tf.Tensor) => linearScan(a as tf.Tensor3D, b as tf.Tensor3D, { reverse: true });
      const loss = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(run(a, b))) as tf.Scalar;
      return [run(inputs[0]!, inputs[1]!), ...tf.grads(loss)(inputs)];
    },
  ],
]);
