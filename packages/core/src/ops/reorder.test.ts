import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { tf } from "../tf.ts";
import { inverseOrder, reorder } from "./reorder.ts";

const x = () => tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);

test("takes the tokens of each image in another order", () => {
  const y = reorder(x(), [2, 0, 1]);
  expect(Array.from(y.dataSync())).toEqual([5, 6, 1, 2, 3, 4, 11, 12, 7, 8, 9, 10]);
  expect(reorder(y, inverseOrder([2, 0, 1])).arraySync()).toEqual(x().arraySync());
});

test("sends gradients back to where values came from", () => {
  const dy = tf.tensor3d([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120], [2, 3, 2]);
  const dx = tf.grad((t) => tf.sum(tf.mul(reorder(t as tf.Tensor3D, [2, 0, 1]), dy)))(x());
  expect(Array.from(dx.dataSync())).toEqual([30, 40, 50, 60, 10, 20, 90, 100, 110, 120, 70, 80]);
});
