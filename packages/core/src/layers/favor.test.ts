// The layer's own numbers are compared with performer-pytorch's in @vitrine/efficient-attention.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { favorAttention, favorFeatures, favorProjection } from "./favor.ts";
import { eluFeatures, featureAttention } from "./linear-attention.ts";

function random(name: string, shape: number[], scale = 1): tf.Tensor4D {
  const draw = Rng.of(2, name);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * draw.normal());
  return tf.tensor4d(values, shape as [number, number, number, number]);
}

async function worst(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  expect(a.shape).toEqual(b.shape);
  return (await tf.max(tf.abs(tf.sub(a, b))).data())[0]!;
}

describe("favorProjection", () => {
  test("looks along directions at right angles, a width's worth at a time", () => {
    const values = favorProjection(10, 4, Rng.of(1));
    const rows = Array.from({ length: 10 }, (_, i) => values.subarray(4 * i, 4 * i + 4));
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (const [i, j] of [[0, 1], [1, 3], [4, 7], [5, 6], [8, 9]] as const) // biome-ignore format: one line
      expect(Math.abs(dot(rows[i]!, rows[j]!))).toBeLessThan(1e-5);
    expect(Math.abs(dot(rows[0]!, rows[4]!))).toBeGreaterThan(1e-3);
  });

  test("has rows as long as Gaussian ones", () => {
    const values = favorProjection(4000, 16, Rng.of(1));
    const mean = values.reduce((sum, value) => sum + value * value, 0) / 4000;
    expect(mean).toBeGreaterThan(15.5);
    expect(mean).toBeLessThan(16.5);
  });

  test("has d ln d of them where nobody says", () => {
    expect([8, 32, 64].map(favorFeatures)).toEqual([16, 110, 266]);
  });
});

describe("favorAttention", () => {
  const directions = (count: number) => tf.tensor2d(favorProjection(count, 8, Rng.of(3)), [count, 8]);
  const [q, k, v] = ["q", "k", "v"].map((name) => random(name, [2, 2, 11, 8], 0.5)) as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor4D,
  ];

  test("comes near softmax attention with many features", async () => {
    const exact = tf.matMul(tf.softmax(tf.matMul(tf.mul(q, 8 ** -0.5), k, false, true)), v);
    const few = await worst(favorAttention(q, k, v, directions(16)), exact);
    const many = await worst(favorAttention(q, k, v, directions(8192)), exact);
    expect(many).toBeLessThan(0.02);
    expect(many).toBeLessThan(few / 3);
  });

  test("keeps exponents in bounds where queries and keys are large", async () => {
    const large = favorAttention(tf.mul(q, 100), tf.mul(k, 100), v, directions(32));
    expect(Array.from(await large.data()).every(Number.isFinite)).toBe(true);
  });

  test("answers a few queries as it answers them among all", async () => {
    const few = favorAttention(tf.slice(q, [0, 0, 0, 0], [-1, -1, 1, -1]), k, v, directions(16));
    const all = tf.slice(favorAttention(q, k, v, directions(16)), [0, 0, 0, 0], [-1, -1, 1, -1]);
    expect(await worst(few, all)).toBeLessThan(1e-6);
  });
});

describe("featureAttention", () => {
  test("is a mean of values, weighted by similarity of features", async () => {
    const [q, k, v] = ["q", "k", "v"].map((name) => random(name, [1, 2, 5, 4]));
    const similarity = tf.matMul(eluFeatures(q!), eluFeatures(k!), false, true); //                     [B, h, N, N]
    const weights = tf.div(similarity, tf.add(tf.sum(similarity, 3, true), 1e-6));
    const found = featureAttention(eluFeatures(q!), eluFeatures(k!), v!, 1e-6);
    expect(await worst(found, tf.matMul(weights, v!))).toBeLessThan(1e-5);
  });

  test("has features elu(x) + 1", async () => {
    const found = await eluFeatures(tf.tensor1d([-2, -1, 0, 1, 3])).data();
    expect(Array.from(found)).toEqual([Math.exp(-2), Math.exp(-1), 1, 2, 4].map((x) => expect.closeTo(x, 5)));
  });
});
