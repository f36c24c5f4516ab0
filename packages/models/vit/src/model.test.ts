// Numbers: timm 1.0.31, made by scripts/fixtures/vit.py and variants.py.

import { configure, createModel, inference, parameterCount, stateOf, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { vit } from "./index.ts";

const small = { imgSize: 16, patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, mlpRatio: 2, numClasses: 5 };

describeFamily(vit, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("vit", () => {
  beforeAll(() => useBackend("cpu"));

  const images = (size: number | [number, number] = 16) => {
    const [height, width] = [size].flat() as [number, number?];
    return tf.randomNormal([2, height, width ?? height, 3], 0, 1, "float32", 1) as tf.Tensor4D;
  };
  const make = (options: object = {}) => createModel(vit, "vit_tiny_patch16_224", { ...small, ...options });

  test("refuses an image size that the patches do not tile", () => {
    expect(() => make({ imgSize: 18 })).toThrow(
      "vit: imgSize 18x18 is not a multiple of patchSize 4; the nearest size is 20x20",
    );
  });

  test("refuses token pooling without a class token", () => {
    expect(() => make({ classToken: false })).toThrow('globalPool "token" needs classToken');
  });

  test("refuses images of another size, unless it is dynamic", () => {
    expect(() => make().logits(images(20))).toThrow("an image of 16x16 is expected, 20x20 found");
    expect(make({ dynamicImgSize: true }).logits(images([20, 24])).shape).toEqual([2, 5]);
  });

  test("names the variant meant by a slip of the finger", () => {
    const typo = "vit_tiny_patch16_223" as "vit_tiny_patch16_224";
    expect(() => createModel(vit, typo)).toThrow(
      'unknown variant "vit_tiny_patch16_223" (did you mean "vit_tiny_patch16_224"?)',
    );
  });

  test("takes timm's arch.tag, and prepares images as that checkpoint wants them", () => {
    const tagged = createModel(vit, "vit_base_patch16_224.dino", { ...small, inChans: 1 });
    expect(tagged.pretrained).toMatchObject({ hub: "timm/vit_base_patch16_224.dino", numClasses: 0 });
    expect(tagged.preprocess).toMatchObject({ size: [16, 16], channels: 1, std: [(0.229 + 0.224 + 0.225) / 3] });
    expect(createModel(vit, "vit_base_patch16_224", small).pretrained?.tag).toBe("augreg2_in21k_ft_in1k");
    expect(() => createModel(vit, "vit_base_patch16_224.dyno", small)).toThrow(
      'unknown tag "dyno" (did you mean "dino"?)',
    );
  });

  test.each([
    ["token", {}],
    ["token", { regTokens: 2, noEmbedClass: true }],
    ["avg", { fcNorm: false }],
    ["max", {}],
    ["avgmax", { poolIncludePrefix: true }],
    ["map", { regTokens: 1 }],
  ])("pools by %s with %j", (globalPool, options) => {
    const model = make({ globalPool, ...options });
    expect(model.logits(images()).shape).toEqual([2, 5]);
    expect(model.head(model.features(images()), inference, { preLogits: true }).shape).toEqual([2, 16]);
  });

  test("gives scores of every token where nothing pools", () => {
    expect(make({ globalPool: "" }).logits(images()).shape).toEqual([2, 1 + 16, 5]);
  });

  test("gives the pooled features where there are no classes", () => {
    expect(make({ numClasses: 0 }).logits(images()).shape).toEqual([2, 16]);
  });

  test("has the sizes that a configuration asks for", () => {
    const options = { ...small, depth: 8, embedDim: 48, numHeads: 6, mlpRatio: 3, dropRate: 0.1, attnDropRate: 0.1 };
    const { config } = createModel(vit, "vit_small_patch16_224", { ...options, dropPathRate: 0.2 });
    expect(config).toMatchObject({ depth: 8, embedDim: 48, numHeads: 6, mlpRatio: 3, dropPathRate: 0.2 });
    // Per block: two norms, qkv and projection with biases, and the two layers of the perceptron.
    const block = 4 * 48 + (48 + 1) * 144 + (48 + 1) * 48 + (48 + 1) * 144 + (144 + 1) * 48;
    const rest = 48 + 17 * 48 + (4 * 4 * 3 + 1) * 48 + 2 * 48 + (48 + 1) * 5;
    expect(parameterCount(vit, "vit_small_patch16_224", options)).toBe(8 * block + rest);
  });

  test("takes a checkpoint of the other pooling, with its norm", async () => {
    const token = make();
    const mean = make({ globalPool: "avg", state: await stateOf(token.spec, token.params) });
    expect(mean.notes).toEqual(["fc_norm: starts as the checkpoint's norm, for this pooling"]);
    const back = make({ state: await stateOf(mean.spec, mean.params) });
    expect(back.logits(images()).dataSync()).toEqual(token.logits(images()).dataSync());
  });

  test("says which of several norms ends it", () => {
    const ends = (options: object) => Object.keys(vit.spec(configure(vit, "vit_base_patch16_224", options)));
    expect(ends({ globalPool: "avg" })).toContain("fc_norm");
    expect(ends({ globalPool: "avg", fcNorm: false })).toContain("norm");
    expect(ends({ finalNorm: false })).not.toContain("norm");
  });
});
