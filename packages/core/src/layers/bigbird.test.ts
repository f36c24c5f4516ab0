// The blockwise computation against attention over all pairs with the same pattern as a mask.

import "@tensorflow/tfjs-backend-cpu";
import { describe, expect, test } from "vitest";
import { inference, scope, trainingMode } from "../mode.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { bigBirdAttention, bigBirdDefaults } from "./bigbird.ts";
import { blockNeighbours } from "./block-pattern.ts";

const mode = scope(inference, "blocks.3.attn");
const options = { ...bigBirdDefaults, blockSize: 4, windowBlocks: 3, randomBlocks: 2, globalTokens: 3, seed: 7 };

function random(name: string, shape: number[]): tf.Tensor4D {
  const draw = Rng.of(2, name);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal());
  return tf.tensor4d(values, shape as [number, number, number, number]);
}

/** 1 where a token attends, worked out pair by pair. */
function mask(tokens: number, o: typeof options): tf.Tensor2D {
  const blocks = Math.ceil((tokens - o.globalTokens) / o.blockSize);
  const everybody = blocks <= o.windowBlocks + o.randomBlocks;
  const slots = everybody ? [] : blockNeighbours(blocks, o, Rng.of(o.seed, "bigbird", mode.path));
  const block = (token: number) => Math.floor((token - o.globalTokens) / o.blockSize);
  return tf.tensor2d(
    Array.from({ length: tokens }, (_, from) =>
      Array.from({ length: tokens }, (_, to) => {
        if (everybody || from < o.globalTokens || to < o.globalTokens) return 1;
        return slots.some((order) => order[block(from)] === block(to)) ? 1 : 0;
      }),
    ),
  );
}

function dense(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, o: typeof options): tf.Tensor4D {
  const scores = tf.matMul(tf.mul(q, q.shape[3] ** -0.5), k, false, true);
  const allowed = mask(k.shape[2], o);
  return tf.matMul(tf.softmax(tf.add(scores, tf.mul(tf.sub(allowed, 1), 1e9))), v);
}

async function worst(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  expect(a.shape).toEqual(b.shape);
  return (await tf.max(tf.abs(tf.sub(a, b))).data())[0]!;
}

describe("bigBirdAttention", () => {
  const cases: [name: string, tokens: number, overrides: Partial<typeof options>][] = [
    ["blocks that come out even", 3 + 4 * 9, {}],
    ["a last block that is not full", 3 + 4 * 9 - 3, {}],
    ["no global tokens", 4 * 8 - 1, { globalTokens: 0 }],
    ["a window alone", 3 + 4 * 6, { randomBlocks: 0 }],
    ["a block and its random ones", 1 + 4 * 7, { windowBlocks: 1, randomBlocks: 3, globalTokens: 1 }],
    ["so few blocks that all see all", 3 + 4 * 5, {}],
    ["nothing but global tokens", 3, {}],
  ];
  test.each(cases)("equals masked attention: %s", async (_, tokens, overrides) => {
    const o = { ...options, ...overrides };
    const [q, k, v] = ["q", "k", "v"].map((name) => random(name, [2, 2, tokens, 8]));
    expect(await worst(bigBirdAttention(q!, k!, v!, mode, o), dense(q!, k!, v!, o))).toBeLessThan(1e-5);
  });

  test("has the gradients of masked attention", async () => {
    const [q, k, v, weight] = ["q", "k", "v", "w"].map((name) => random(name, [2, 2, 37, 8]));
    type Mix = (q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, o: typeof options) => tf.Tensor4D;
    const gradients = (mix: Mix) =>
      tf.grads((q, k, v) =>
        tf.sum(tf.mul(weight!, mix(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, options))),
      )([q!, k!, v!]);
    const found = gradients((q, k, v, o) => bigBirdAttention(q, k, v, mode, o));
    for (const [i, expected] of gradients(dense).entries()) expect(await worst(found[i]!, expected)).toBeLessThan(1e-5);
  });

  test.each([1, 3, 20])("answers the first %i tokens alone", async (count) => {
    const [q, k, v] = ["q", "k", "v"].map((name) => random(name, [1, 2, 39, 8]));
    const few = tf.slice(q!, [0, 0, 0, 0], [-1, -1, count, -1]);
    const all = tf.slice(bigBirdAttention(q!, k!, v!, mode, options), [0, 0, 0, 0], [-1, -1, count, -1]);
    expect(await worst(bigBirdAttention(few, k!, v!, mode, options), all)).toBeLessThan(1e-6);
  });

  test("drops weights in training", async () => {
    const [q, k] = ["q", "k"].map((name) => random(name, [1, 2, 39, 8]));
    const ones = tf.ones<tf.Rank.R4>([1, 2, 39, 8]);
    const training = scope(trainingMode(tf.tensor1d([1, 2], "int32")), "attn");
    // Weights add up to one; with half of them dropped and the others doubled they do no more, but on average.
    const sums = Array.from(await bigBirdAttention(q!, k!, ones, training, options, 0.5).data());
    expect(Math.min(...sums)).toBeLessThan(0.9);
    expect(sums.reduce((a, b) => a + b, 0) / sums.length).toBeCloseTo(1, 0);
  });
});

describe("blockNeighbours", () => {
  test("gives each block different ones, and each block to as many", () => {
    for (const blocks of [6, 7, 30]) {
      const slots = blockNeighbours(blocks, { windowBlocks: 3, randomBlocks: 2 }, Rng.of(blocks));
      expect(slots).toHaveLength(5);
      for (const order of slots)
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: blocks }, (_, i) => i));
      for (let i = 0; i < blocks; i++) expect(new Set(slots.map((order) => order[i])).size).toBe(5);
    }
  });

  test("draws the same from the same key", () => {
    const draw = (key: number) => blockNeighbours(20, { windowBlocks: 1, randomBlocks: 2 }, Rng.of(key));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
