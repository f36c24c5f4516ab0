// Expected numbers are PyTorch's.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { inference, type Mode, scope, trainingMode } from "../mode.ts";
import { tf } from "../tf.ts";
import { dropout, dropPath } from "./drop.ts";
import { gelu, geluTanh, quickGelu } from "./gelu.ts";
import { layerNorm } from "./layer-norm.ts";
import { keyedUniform } from "./random.ts";
import { bicubicWeights, linearWeights, resampleGrid, resizeBilinear } from "./resample.ts";

function expectClose(found: tf.Tensor, expected: readonly number[], digits = 5): void {
  const values = found.dataSync();
  expect(values).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(values[i], `element ${i}`).toBeCloseTo(value, digits);
  });
}

describe("gelu", () => {
  const x = () => tf.tensor1d([-3, -1, -0.5, 0, 0.5, 1, 3]);
  test.each([
    ["exact", gelu, [-0.00405, -0.158655, -0.154269, 0, 0.345731, 0.841345, 2.99595]],
    ["with tanh", geluTanh, [-0.003637, -0.158808, -0.154286, 0, 0.345714, 0.841192, 2.996363]],
    ["with a sigmoid", quickGelu, [-0.018071, -0.154204, -0.149612, 0, 0.350388, 0.845796, 2.981929]],
  ] as const)("bends %s", (_, f, expected) => {
    expectClose(f(x()), expected);
  });
});

describe("layerNorm", () => {
  test("normalises over the last axis, then scales and shifts", () => {
    const x = tf.tensor2d([
      [1, 2, 4, 9],
      [101, 102, 104, 109],
    ]);
    const y = layerNorm(x, tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([0.5, 0, 0, -1]), 1e-5);
    expectClose(y, [-0.4733, -1.2978, 0, 5.4889, -0.4733, -1.2978, 0, 5.4889], 4);
  });

  test("does not blow up on equal values", () => {
    const y = layerNorm(tf.ones([1, 4]), tf.ones([4]), tf.zeros([4]), 1e-6);
    expectClose(y, [0, 0, 0, 0]);
  });
});

// Each gradient against differences of the function itself, at points that are nothing special.
describe("the gradient by definition and by differences", () => {
  const weights = tf.tensor2d([0.3, -1.2, 0.7, 2.1, -0.4, 0.9], [2, 3]);
  const x = tf.tensor2d([0.5, -1.1, 2.3, 0.2, 1.7, -0.6], [2, 3]);
  const scale = tf.tensor1d([1.5, -0.5, 0.8]);
  const offset = tf.tensor1d([0.1, 0.2, -0.3]);
  const cases: [string, (...inputs: tf.Tensor[]) => tf.Tensor, tf.Tensor[]][] = [
    ["gelu", (a) => gelu(a!), [x]],
    ["geluTanh", (a) => geluTanh(a!), [x]],
    ["quickGelu", (a) => quickGelu(a!), [x]],
    ["layerNorm", (a, b, c) => layerNorm(a!, b as tf.Tensor1D, c as tf.Tensor1D, 1e-3), [x, scale, offset]],
    ["resizeBilinear", (a) => resizeBilinear(tf.reshape(a!, [1, 2, 3, 1]) as tf.Tensor4D, [3, 2]), [x]],
    ["resampleGrid", (a) => resampleGrid(tf.reshape(a!, [6, 1]) as tf.Tensor2D, [2, 3], [1, 2]), [x]],
  ];

  test.each(cases)("agree for %s", (_, f, inputs) => {
    const before = tf.memory().numTensors;
    const loss = (...at: tf.Tensor[]): tf.Scalar => {
      const y = f(...at);
      return tf.sum(tf.mul(tf.reshape(y, [-1]), tf.slice(tf.reshape(weights, [-1]), 0, y.size)));
    };
    tf.tidy(() => {
      const gradients = tf.grads(loss)(inputs);
      const h = 1e-2;
      inputs.forEach((input, k) => {
        const values = input.dataSync();
        const differences = Array.from(values, (_, i) => {
          const [up, down] = [h, -h].map((delta) => {
            const moved = Float32Array.from(values, (v, j) => (j === i ? v + delta : v));
            const at = inputs.map((other, j) => (j === k ? tf.tensor(moved, input.shape) : other));
            return loss(...at).dataSync()[0]!;
          });
          return (up! - down!) / (2 * h);
        });
        expectClose(gradients[k]!, differences, 2);
      });
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("random draws", () => {
  const mode = (path: string, key: [number, number] = [1, 2]): Mode =>
    scope(trainingMode(tf.tensor1d(key, "int32")), path);
  const draw = (where: Mode, name = "u", size = 4) => Array.from(keyedUniform(where, name, [size]).dataSync());

  test("depend on key, path and name alone", () => {
    expect(draw(mode("a"))).toEqual(draw(mode("a")));
    const others = [draw(mode("b")), draw(mode("a", [1, 3])), draw(mode("a", [2, 2])), draw(mode("a"), "v")];
    for (const other of others) expect(other).not.toEqual(draw(mode("a")));
  });

  test("are the same bits for good", () => {
    expect(draw(mode("blocks.0"), "drop_path", 3).map((u) => u * 2 ** 24)).toMatchInlineSnapshot(`
      [
        8466552,
        4051464,
        2866185,
      ]
    `);
  });

  test("are uniform in [0, 1), and uncorrelated with their neighbours", () => {
    const values = draw(mode("a"), "u", 50_000);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(values.every((u) => u < 1)).toBe(true);
    const mean = values.reduce((sum, u) => sum + u, 0) / values.length;
    const variance = values.reduce((sum, u) => sum + (u - mean) ** 2, 0) / values.length;
    const along = values.slice(1).reduce((sum, u, i) => sum + (u - mean) * (values[i]! - mean), 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(along / variance)).toBeLessThan(0.02);
  });

  test("need a key", () => {
    expect(() => keyedUniform(inference, "u", [1])).toThrow("has no key to draw");
  });
});

describe("dropout and dropPath", () => {
  const mode = scope(trainingMode(tf.tensor1d([7, 7], "int32")), "mlp");

  test("zero the rate's share of values, and keep the mean", () => {
    const values = Array.from(dropout(tf.ones([100, 100]), 0.3, mode).dataSync());
    const zeros = values.filter((v) => v === 0).length / values.length;
    expect(zeros).toBeCloseTo(0.3, 1);
    expect(values.find((v) => v !== 0)).toBeCloseTo(1 / 0.7, 5);
  });

  test("drop a path for whole samples", () => {
    const kept = dropPath(tf.ones([200, 3, 4]), 0.25, mode);
    const samples = tf.reshape(kept, [200, 12]).arraySync() as number[][];
    for (const sample of samples) expect(new Set(sample).size).toBe(1);
    const dropped = samples.filter(([first]) => first === 0).length;
    expect(dropped).toBeGreaterThan(25);
    expect(dropped).toBeLessThan(75);
  });

  test("pass x on at inference, without a key, and at rate 0", () => {
    const x = tf.ones([4]);
    for (const y of [dropout(x, 0.5, inference), dropout(x, 0.5, trainingMode()), dropout(x, 0, mode)])
      expect(y).toBe(x);
  });

  test("drop everything at rate 1", () => {
    expect(Array.from(dropout(tf.ones([3]), 1, mode).dataSync())).toEqual([0, 0, 0]);
  });

  test("drop in the gradient what they dropped in the value", () => {
    const x = tf.ones([50]);
    const [value, gradient] = [dropout(x, 0.5, mode), tf.grad((v) => tf.sum(dropout(v, 0.5, mode)))(x)];
    expect(gradient.dataSync()).toEqual(value.dataSync());
  });
});

describe("resampling", () => {
  const grid = () => tf.tensor2d([0, 1, 4, 9, 16, 25], [6, 1]);

  test("grows and shrinks as PyTorch's antialiased bicubic does", () => {
    const tall = [-0.7285904, 1.3014351, 2.478846, 6.9553428, 8.838969, 18.166647, 12.0464048, 23.8205528];
    expectClose(resampleGrid(grid(), [2, 3], [4, 2]), tall);
    expectClose(resampleGrid(grid(), [2, 3], [1, 5]), [4.1981134, 5.6343284, 8.5, 12.5746269, 14.9528294]);
  });

  test("leaves a grid of the same size, and a constant one, as they are", () => {
    expectClose(resampleGrid(grid(), [2, 3], [2, 3]), [0, 1, 4, 9, 16, 25]);
    expectClose(resampleGrid(tf.fill([12, 2], 3) as tf.Tensor2D, [3, 4], [7, 2]), Array(28).fill(3));
  });

  test("grows and shrinks as PyTorch's bilinear interpolation does, by edges or by corners", () => {
    const map = tf.tensor4d([0.5, -1.1, 2.3, 0.2, 1.7, -0.6], [1, 2, 3, 1]);
    const byEdges = [0.5, -0.14, -1.1, 0.94, 2.3, 0.35, 0.33, 0.3, 0.63, 0.85, 0.2, 0.8, 1.7, 0.32, -0.6];
    const byCorners = [0.5, -0.3, -1.1, 0.6, 2.3, 0.35, 0.325, 0.3, 0.575, 0.85, 0.2, 0.95, 1.7, 0.55, -0.6];
    expectClose(resizeBilinear(map, [3, 5]), byEdges);
    expectClose(resizeBilinear(map, [3, 5], { alignCorners: true }), byCorners);
    expectClose(resizeBilinear(map, [1, 2]), [0.3375, 0.7125]);
    expectClose(resizeBilinear(map, [1, 2], { alignCorners: true }), [0.5, 2.3]);
    expect(resizeBilinear(map, [2, 3])).toBe(map);
  });

  test.each([
    [14, 24],
    [37, 16],
    [1, 5],
    [5, 1],
  ])("weighs %i positions for %i so that each sums to 1", (from, to) => {
    for (const weights of [bicubicWeights, linearWeights].map((make) => make(from, to)))
      for (let i = 0; i < to; i++)
        expect(weights.subarray(i * from, (i + 1) * from).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5);
  });
});
