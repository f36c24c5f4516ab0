// Numbers: the authors' implementation, made by scripts/fixtures/dynamic_vit.py.

import { readFileSync } from "node:fs";
import { createModel, inference, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { dynamicVit, dynamicVitLoss, dynamicVitOutput, tokenDistillation } from "./index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const small = {
  imgSize: 16,
  patchSize: 4,
  embedDim: 16,
  depth: 3,
  numHeads: 2,
  pruningLoc: [1, 2],
  tokenRatio: [0.7, 0.5],
  numClasses: 5,
};

describeFamily(dynamicVit, { fixtures });

interface Losses {
  ratios: number[];
  logits: number[][];
  tokens: number[][][];
  decisions: number[][][];
  teacher_logits: number[][];
  teacher_tokens: number[][][];
  labels: number[];
  mse: { loss: number; grads: unknown[] };
  kl: { loss: number; grads: unknown[] };
}

describe("dynamic-vit", () => {
  beforeAll(() => useBackend("cpu"));

  const make = (options: object = {}) =>
    createModel(dynamicVit, "dynamicvit_tiny_patch16_224", { ...small, ...options });
  const images = () => tf.randomNormal([3, 16, 16, 3], 0, 1, "float32", 1) as tf.Tensor4D;
  const training = (step: number) => trainingMode(tf.tensor1d([7, step], "int32"));

  test("drops patches for good, the same ones from all that come later", () => {
    const model = make();
    const taps = new Map<string, tf.Tensor>();
    expect(model.features(images(), { ...inference, taps }).shape).toEqual([3, 1 + 8, 16]);
    expect(taps.get("blocks.0")!.shape).toEqual([3, 1 + 16, 16]);
    expect(taps.get("blocks.1")!.shape).toEqual([3, 1 + 11, 16]);
  });

  test("draws decisions by the key; none that has gone returns", () => {
    const model = make();
    const at = (step: number) => dynamicVitOutput(model.config, model.params, images(), training(step)).decisions;
    const [first, second] = at(1).map((decision) => decision.arraySync());
    expect(at(1)[0]!.arraySync()).toEqual(first);
    expect(at(2)[0]!.arraySync()).not.toEqual(first);
    const values = [...first!.flat(), ...second!.flat()].map((value) => Math.round(value * 1e6) / 1e6);
    expect(new Set(values)).toEqual(new Set([0, 1]));
    first!.flat().forEach((stays, i) => {
      expect(second!.flat()[i]).toBeLessThanOrEqual(stays + 1e-6);
    });
  });

  test("trains as if those that have gone were not there", () => {
    const model = make({ pruningLoc: [0], tokenRatio: [0.5] });
    const mode = training(3);
    const scene = images();
    const { decisions, logits } = dynamicVitOutput(model.config, model.params, scene, mode);
    // Other pixels where patches have gone: a patch is 4x4.
    const gone = tf.sub(1, tf.reshape(decisions[0]!, [3, 4, 4, 1])) as tf.Tensor4D;
    const noise = tf.mul(tf.image.resizeNearestNeighbor(tf.round(gone) as tf.Tensor4D, [16, 16]), 1e-2);
    const other = dynamicVitOutput(model.config, model.params, tf.add(scene, noise) as tf.Tensor4D, mode);
    expect(tf.max(tf.abs(tf.sub(other.decisions[0]!, decisions[0]!))).dataSync()[0]).toBeLessThan(1e-5);
    expect(tf.max(tf.abs(tf.sub(other.logits, logits))).dataSync()[0]).toBeLessThan(1e-5);
  });

  test.each(["mse", "kl"] as const)("has the authors' loss and gradients: %s", async (tokens) => {
    const stored = JSON.parse(readFileSync(new URL("losses.json", fixtures), "utf8")) as Losses;
    const teacher = { logits: tf.tensor2d(stored.teacher_logits), tokens: tf.tensor3d(stored.teacher_tokens) };
    const loss = (logits: tf.Tensor, patches: tf.Tensor, first: tf.Tensor, second: tf.Tensor): tf.Scalar => {
      const hot = tf.oneHot(tf.tensor1d(stored.labels, "int32"), 4, 1, 0, "float32");
      const labels = tf.neg(tf.mean(tf.sum(tf.mul(hot, tf.logSoftmax(logits)), 1))) as tf.Scalar;
      const output = {
        logits: logits as tf.Tensor2D,
        tokens: patches as tf.Tensor3D,
        decisions: [first, second] as tf.Tensor2D[],
      };
      return dynamicVitLoss(output, labels, teacher, { ratios: stored.ratios, tokens });
    };
    const inputs = [tf.tensor(stored.logits), tf.tensor(stored.tokens), ...stored.decisions.map((d) => tf.tensor2d(d))];
    const { value, grads } = tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Tensor)(inputs);
    expect((await value.data())[0]).toBeCloseTo(stored[tokens].loss, 5);
    for (const [i, gradient] of grads.entries()) {
      const expected = (stored[tokens].grads[i] as number[][]).flat(2);
      const found = await gradient.data();
      for (const [at, one] of expected.entries()) expect(found[at], `gradient ${i}, ${at}`).toBeCloseTo(one, 5);
    }
  });

  test("asks nothing of tokens where all have gone", () => {
    const tokens = tf.ones<tf.Rank.R3>([1, 2, 3]);
    expect(tokenDistillation(tokens, tf.zerosLike(tokens), tf.zeros([1, 2])).dataSync()[0]).toBe(0);
  });

  test("refuses options that do not go together", () => {
    expect(() => make({ tokenRatio: [0.5] })).toThrow("a tokenRatio for each of pruningLoc is expected: 2, found 1");
    expect(() => make({ pruningLoc: [2, 1] })).toThrow("pruningLoc must be rising numbers of blocks, 0 to 2");
    expect(() => make({ pruningLoc: [1, 3] })).toThrow("pruningLoc must be rising");
    expect(() => make({ tokenRatio: [0.5, 0.6] })).toThrow("tokenRatio must fall from 1");
    expect(() => make({ tokenRatio: [0.5, 0.01] })).toThrow("leave one of 16 patches or more");
    expect(() => make({ imgSize: 18 })).toThrow("the nearest size is 20x20");
    const model = make();
    expect(() => dynamicVitOutput(model.config, model.params, images(), inference)).toThrow("take trainingMode(key)");
    expect(() => model.logits(tf.zeros([1, 20, 16, 3]))).toThrow("an image of 16x16 is expected, 20x16 found");
  });
});
