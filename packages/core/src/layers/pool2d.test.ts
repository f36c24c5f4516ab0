// Expected numbers are PyTorch's; those of `same` are timm's. Gradients are of the sum weighted by 1, 2, 3, …

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { tf } from "../tf.ts";
import { type AvgPool2dOptions, avgPool2d, globalPool2d, maxPool2d, type Pool2dOptions } from "./pool2d.ts";

const image = (high: number, wide: number) =>
  tf.tensor4d(
    Array.from({ length: high * wide }, (_, i) => ((i * 7) % 11) - 5),
    [1, high, wide, 1],
  );

type Pool<O> = (x: tf.Tensor4D, options: O) => tf.Tensor4D;
type Case<O> = [name: string, options: O, size: [number, number], out: [number, number], y: number[], dx: number[]];

function expectPool<O>(pool: Pool<O>, options: O, size: [number, number], expected: [number[], number[], number[]]) {
  const [out, values, gradient] = expected;
  const y = pool(image(...size), options);
  expect(y.shape.slice(1, 3)).toEqual(out);
  const weighted = (x: tf.Tensor) =>
    tf.sum(tf.mul(tf.reshape(pool(x as tf.Tensor4D, options), [-1]), tf.range(1, y.size + 1)));
  const found = [y, tf.grad(weighted)(image(...size))].map((t) =>
    Array.from(t.dataSync(), (v) => Number(v.toFixed(4))),
  );
  const rounded = (list: number[]) => list.map((v) => Number(v.toFixed(4)) + 0);
  expect(found.map(rounded)).toEqual([rounded(values), rounded(gradient)]);
}

// biome-ignore format: a row a line
const maxima: Case<Pool2dOptions>[] = [
  ["padding", { kernel: 3, stride: 2, padding: 1 }, [5, 4], [3, 2], [2, 5, 3, 5, 4, 5], [0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 10, 0, 0, 5, 0, 0]],
  ["rows left over", { kernel: 2 }, [5, 3], [2, 1], [5, 4], [0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["ceilMode", { kernel: 2, ceilMode: true }, [5, 3], [3, 2], [5, -2, 4, -4, 2, 5], [0, 0, 2, 1, 0, 0, 3, 0, 4, 0, 0, 0, 5, 0, 6]],
  ["ceilMode and padding", { kernel: 3, stride: 2, padding: 1, ceilMode: true }, [4, 6], [3, 4], [4, 5, 5, -3, 4, 5, 4, 4, 0, 3, 2, 2], [0, 0, 0, 5, 0, 4, 6, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 15, 9, 0, 10, 0, 0, 23]],
  ["ceilMode, a window that would begin in the padding behind", { kernel: 2, stride: 3, padding: 1, ceilMode: true }, [4, 3], [2, 2], [-5, -2, 4, -4], [1, 0, 2, 0, 0, 0, 3, 0, 4, 0, 0, 0]],
  ["same", { kernel: 3, stride: 2, padding: "same" }, [5, 4], [3, 2], [4, 5, 5, 5, 5, 5], [0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 18, 0, 0, 0, 0, 0]],
];

const ninths = (...values: number[]) => values.map((v) => v / 9);

// biome-ignore format: a row a line
const means: Case<AvgPool2dOptions>[] = [
  ["padding", { kernel: 3, stride: 2, padding: 1 }, [5, 4], [3, 2], ninths(-5, 6, -3, 2, 1, 4), ninths(1, 3, 2, 2, 4, 10, 6, 6, 3, 7, 4, 4, 8, 18, 10, 10, 5, 11, 6, 6)],
  ["padding that does not count", { kernel: 3, stride: 2, padding: 1, countIncludePad: false }, [5, 4], [3, 2], [-1.25, 1, -0.5, 0.22222, 0.25, 0.66667], [0.25, 0.58333, 0.33333, 0.33333, 0.75, 1.52778, 0.77778, 0.77778, 0.5, 0.94444, 0.44444, 0.44444, 1.75, 3.19444, 1.44444, 1.44444, 1.25, 2.25, 1, 1]],
  ["ceilMode", { kernel: 2, ceilMode: true }, [5, 3], [3, 2], [0.75, -2.5, 1.5, -4.5, 0, 5], [0.25, 0.25, 1, 0.25, 0.25, 1, 0.75, 0.75, 2, 0.75, 0.75, 2, 2.5, 2.5, 6]],
  ["ceilMode and padding", { kernel: 3, stride: 2, padding: 1, ceilMode: true }, [4, 6], [3, 4], [...ninths(1, 4, 0, -12, 0, 1, -5), 0.16667, -0.66667, -0.33333, -0.66667, 0.5], [0.11111, 0.33333, 0.22222, 0.55556, 0.33333, 1, 0.66667, 1.55556, 0.88889, 2, 1.11111, 3.11111, 0.55556, 1.22222, 0.66667, 1.44444, 0.77778, 2.11111, 2.05556, 4.38889, 2.33333, 4.94444, 2.61111, 6.94444]],
  ["same", { kernel: 2, padding: "same" }, [5, 3], [3, 2], [0.75, -1.25, 1.5, -2.25, 0, 1.25], [0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.75, 0.75, 1, 0.75, 0.75, 1, 1.25, 1.25, 1.5]],
];

describe("maxPool2d", () => {
  test.each(maxima)("with %s", (_, options, size, ...expected) => expectPool(maxPool2d, options, size, expected));
});

describe("avgPool2d", () => {
  test.each(means)("with %s", (_, options, size, ...expected) => expectPool(avgPool2d, options, size, expected));
});

test("globalPool2d gives one vector an image", () => {
  const x = tf.tensor4d([1, 10, 2, 30, 6, 20], [1, 3, 1, 2]);
  const pooled = (["avg", "max", "avgmax", "catavgmax"] as const).map((kind) => globalPool2d(x, kind).arraySync());
  expect(pooled).toEqual([[[3, 20]], [[6, 30]], [[4.5, 25]], [[3, 20, 6, 30]]]);
});
