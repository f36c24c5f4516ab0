// Numbers: timm 1.0.31, made by scripts/fixtures/efficientvit.py, efficientvit_msra.py and variants.py.

import { configure, createModel, inference, initParams, Rng, stateOf, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { type CascadedAttention, cascadedAttention, cascadedAttentionSpec } from "./cascaded-attention.ts";
import { efficientvit, efficientvitMsra } from "./index.ts";

describeFamily(efficientvit, { fixtures: new URL("../fixtures/", import.meta.url) });

describeFamily(efficientvitMsra, {
  fixtures: new URL("../fixtures/msra/", import.meta.url),
  // At the start the added branches end in a norm whose weight is zero: nothing ahead of it has a gradient.
  zeroGradients:
    /\.(dw[01]\.m\.conv|pw1\.\w+|pw2\.conv|attention_biases|qkvs\.\d+\.\w+|dws\.\d+\.\w+|proj\.1\.conv)(\.|$)/,
});

const images = (height: number, width = height) =>
  tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;

describe("efficientvit", () => {
  beforeAll(() => useBackend("cpu"));

  const small = { widths: [8, 8, 12, 16], depths: [1, 1, 1, 1], headDim: 4, headWidths: [24, 16], numClasses: 5 };
  const make = (options: object = {}) => createModel(efficientvit, "efficientvit_b0", { ...small, ...options });

  test.each([
    [32, 32],
    [33, 47],
    [1, 5],
  ])("takes an image of %ix%i", (height, width) => {
    expect(make().logits(images(height, width)).shape).toEqual([2, 5]);
  });

  test.each(["avg", "max", "avgmax"] as const)("pools by %s", (globalPool) => {
    const model = make({ globalPool });
    const features = model.features(images(32));
    expect(model.head(features, inference, { preLogits: true }).shape).toEqual([2, 16]);
  });

  test("refuses what does not fit together", () => {
    expect(() => make({ depths: [1, 1, 1] })).toThrow("depths must have an entry for each of widths [8,8,12,16]");
    expect(() => make({ headWidths: [24] })).toThrow("headWidths must be the widths of the head's convolution");
    expect(() => make({ headDim: 17 })).toThrow("headDim 17 is wider than a stage with attention, of 16 channels");
  });
});

describe("efficientvit of Microsoft", () => {
  beforeAll(() => useBackend("cpu"));

  const small = {
    imgSize: 64,
    embedDim: [16, 24],
    keyDim: [4, 4],
    depth: [1, 1],
    numHeads: [2, 2],
    downOps: [
      ["", 1],
      ["subsample", 2],
    ],
    numClasses: 5,
  } as const;
  const make = (options: object = {}) => createModel(efficientvitMsra, "efficientvit_m0", { ...small, ...options });

  test("gives a pair of positions the bias of its distance", async () => {
    // One head of one channel whose values are the first position's alone, and scores that are the biases alone.
    const shape = { dim: 1, heads: 1, keyDim: 1, valueDim: 1, window: 3, kernels: [1] };
    const p = initParams<CascadedAttention>(cascadedAttentionSpec(shape), Rng.of(1));
    const table = Array.from({ length: 9 }, (_, i) => 0.3 * i);
    const one = (values: number[]) => tf.tensor4d(values, [1, 1, 1, values.length]);
    const norm = (channels: number) => ({
      weight: tf.ones([channels]) as tf.Tensor1D,
      bias: tf.zeros([channels]) as tf.Tensor1D,
      running_mean: tf.zeros([channels]) as tf.Tensor1D,
      running_var: tf.fill([channels], 1 - 1e-5) as tf.Tensor1D,
      num_batches_tracked: tf.scalar(0, "int32"),
    });
    p.attention_biases = tf.tensor2d(table, [1, 9]);
    p.qkvs = [{ conv: { weight: one([0, 0, 1]) }, bn: norm(3) }];
    p.dws = [{ conv: { weight: one([0]) }, bn: norm(1) }];
    p.proj = { 1: { conv: { weight: one([1]) }, bn: norm(1) } };
    const x = tf.tensor4d([1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 3, 3, 1]);

    const places = table.map((_, i) => [Math.floor(i / 3), i % 3] as const);
    const bias = ([y, x]: readonly [number, number], [b, a]: readonly [number, number]) =>
      Math.exp(table[3 * Math.abs(y - b) + Math.abs(x - a)]!);
    const expected = places.map((asks) => {
      const weights = places.map((place) => bias(asks, place));
      return weights[0]! / weights.reduce((sum, weight) => sum + weight, 0);
    });
    const found = await cascadedAttention(shape, p, x, inference).data();
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 5);
    });
  });

  test.each([
    [64, 64],
    [65, 100],
    [16, 33],
  ])("takes an image of %ix%i", (height, width) => {
    expect(make().logits(images(height, width)).shape).toEqual([2, 5]);
  });

  test("makes the head's norm anew for a checkpoint without a head", async () => {
    const headless = make({ numClasses: 0 });
    const again = make({ state: await stateOf(headless.spec, headless.params) });
    expect(again.notes).toEqual(["head.linear: new, for 5 classes (the checkpoint has none)"]);
    expect(again.logits(images(64)).shape).toEqual([2, 5]);
  });

  test.each(["avg", "max", "avgmax", "catavgmax"] as const)("pools by %s", (globalPool) => {
    const width = globalPool === "catavgmax" ? 48 : 24;
    const model = make({ globalPool });
    expect(model.head(model.features(images(32)), inference, { preLogits: true }).shape).toEqual([2, width]);
  });

  test("says which tables it made for other windows", async () => {
    const model = make();
    const other = make({ imgSize: 32, state: await stateOf(model.spec, model.params) });
    expect(other.notes).toEqual([
      "stages.0.blocks.0.mixer.m.attn.attention_biases: distances in windows of 4x4 resampled to 2x2",
      "stages.1.blocks.0.mixer.m.attn.attention_biases: distances in windows of 2x2 resampled to 1x1",
    ]);
  });

  test.each([
    [{ imgSize: [64, 15] }, "imgSize must be 16 or more for one position of the stem's map, found 15"],
    [{ numHeads: [2, 5] }, "numHeads 5 must divide the 24 channels of stage 1"],
    [{ kernels: [5] }, "kernels must have an odd number for each of 2 heads, found 5"],
    [{ kernels: [5, 4] }, "kernels must have an odd number for each of 2 heads, found 5,4"],
    [{ downOps: [["", 1]] }, "depth, keyDim, numHeads, windowSize and downOps need an entry for each of the stages"],
    [
      {
        downOps: [
          ["", 1],
          ["", 1],
        ],
      },
      'stage 1 needs downOps "subsample" to go from 16 to 24 wide',
    ],
  ])("refuses %j", (options, message) => {
    const spec = () => efficientvitMsra.spec(configure(efficientvitMsra, "efficientvit_m0", { ...small, ...options }));
    expect(spec).toThrow(message);
  });
});
