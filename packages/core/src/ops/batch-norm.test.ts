import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { tf } from "../tf.ts";
import { batchNormTrain } from "./batch-norm.ts";

const ramp = (shape: number[], step: number) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(step * i) + 0.3),
    shape,
  );

describe("batch norm by the batch's statistics", () => {
  beforeAll(async () => {
    await tf.setBackend("cpu");
  });

  test("gives each channel the mean and deviation asked for", () => {
    const x = ramp([4, 3, 5, 2], 0.7);
    const { y, mean, variance } = batchNormTrain(x, tf.tensor1d([2, 0.5]), tf.tensor1d([1, -3]), 0);
    const found = tf.moments(y, [0, 1, 2]);
    const given = tf.moments(x, [0, 1, 2]);
    const pairs: [tf.Tensor, tf.Tensor | number[]][] = [
      [found.mean, [1, -3]],
      [found.variance, [4, 0.25]],
      [mean, given.mean],
      [variance, given.variance],
    ];
    for (const [value, expected] of pairs) {
      const wanted = Array.isArray(expected) ? expected : Array.from(expected.dataSync());
      wanted.forEach((w, i) => {
        expect(value.dataSync()[i]).toBeCloseTo(w, 4);
      });
    }
  });

  test("has the slope that small steps show", () => {
    const inputs = [ramp([3, 2, 2], 0.9), tf.tensor1d([1.5, -0.5]), tf.tensor1d([0.2, 0.1])];
    const weights = ramp([3, 2, 2], 1.3);
    const loss = (x: tf.Tensor, s: tf.Tensor, o: tf.Tensor) =>
      tf.sum(tf.mul(batchNormTrain(x, s as tf.Tensor1D, o as tf.Tensor1D, 1e-3).y, weights));
    const gradients = tf.grads((x, s, o) => loss(x!, s!, o!))(inputs);
    const step = 1e-2;
    gradients.forEach((gradient, which) => {
      gradient.dataSync().forEach((slope, i) => {
        const at = (by: number) => {
          const moved = inputs.map((t, k) => {
            const values = Float32Array.from(t.dataSync());
            if (k === which) values[i]! += by;
            return tf.tensor(values, t.shape);
          });
          return loss(moved[0]!, moved[1]!, moved[2]!).dataSync()[0]!;
        };
        expect((at(step) - at(-step)) / (2 * step)).toBeCloseTo(slope, 2);
      });
    });
  });

  test("keeps nothing of what it made", () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      tf.grad((x) => batchNormTrain(x, tf.ones([2]), tf.zeros([2]), 1e-3).y)(ramp([3, 2], 1)).dataSync();
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
