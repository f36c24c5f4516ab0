// Against the same function in plain operations, whose gradients are tfjs' own.

import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { tf } from "../tf.ts";
import { unitVectors } from "./unit-vectors.ts";

const x = tf.tensor4d([0.5, -1.1, 2.3, 0.2, 1.7, -0.6, -0.9, 0.4], [2, 1, 2, 2]);
const scale = tf.tensor3d([2, 5], [1, 2, 1]);
const dy = tf.tensor4d([1, -2, 0.5, 0.3, 0.7, 1.1, -0.4, 0.9], [2, 1, 2, 2]);

const plain = (a: tf.Tensor, s: tf.Tensor) => tf.mul(tf.div(a, tf.sqrt(tf.sum(tf.mul(a, a), -1, true))), s);

function expectClose(found: tf.Tensor, expected: tf.Tensor): void {
  expect(found.shape).toEqual(expected.shape);
  const wanted = expected.dataSync();
  found.dataSync().forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(wanted[i]!, 5);
  });
}

test("have the length of their factor", () => {
  expectClose(unitVectors(x), plain(x, tf.scalar(1)));
  expectClose(tf.norm(unitVectors(x, scale), 2, -1), tf.tensor3d([2, 5, 2, 5], [2, 1, 2]));
});

test("pass gradients as the plain form does, to the factor too", () => {
  const through = (f: (a: tf.Tensor, s: tf.Tensor) => tf.Tensor) =>
    tf.grads((a, s) => tf.sum(tf.mul(f(a!, s!), dy)))([x, scale]);
  const expected = through(plain);
  through(unitVectors).forEach((gradient, i) => {
    expectClose(gradient, expected[i]!);
  });
});

test("of no length stay as they are, and their gradient is what PyTorch makes of it", () => {
  const none = tf.zeros([1, 2]);
  expect(Array.from(unitVectors(none).dataSync())).toEqual([0, 0]);
  const gradient = tf.grad((t) => tf.sum(unitVectors(t, tf.scalar(1), 0.25)))(none);
  expectClose(gradient, tf.tensor2d([4, 4], [1, 2]));
});
