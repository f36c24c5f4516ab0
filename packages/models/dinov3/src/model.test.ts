// Numbers: timm 1.0.31, made by scripts/fixtures/dinov3.py and variants.py.

import { createModel, inference, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { dinov3 } from "./index.ts";

const small = { imgSize: 32, patchSize: 8, embedDim: 16, depth: 2, numHeads: 2, initValues: 0.5, numClasses: 5 };

describeFamily(dinov3, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("dinov3", () => {
  beforeAll(() => useBackend("cpu"));

  const images = (height: number, width: number) =>
    tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;
  const distance = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

  test("takes images of any size that its patches tile", () => {
    const model = createModel(dinov3, "vit_small_patch16_dinov3", small);
    expect(model.features(images(24, 56)).shape).toEqual([2, 5 + 21, 16]);
    expect(() => model.logits(images(30, 32))).toThrow("the nearest size is 32x32");
  });

  test("takes images of its own size alone when it is asked to", () => {
    const model = createModel(dinov3, "vit_small_patch16_dinov3", { ...small, dynamicImgSize: false });
    expect(() => model.logits(images(40, 32))).toThrow("an image of 32x32 is expected, 40x32 found");
  });

  test("moves positions in training alone, and with a key", () => {
    const options = { ...small, headInitScale: 1, ropeShiftCoords: 0.5, ropeJitterCoords: 2, ropeRescaleCoords: 2 };
    const model = createModel(dinov3, "vit_small_patch16_dinov3", options);
    // New weights attend to all tokens almost alike, wherever they are.
    for (const { attn } of model.params.blocks) attn.qkv.weight = tf.mul(attn.qkv.weight, 30);
    const x = images(32, 32);
    const at = (step: number) => model.logits(x, trainingMode(tf.tensor1d([3, step], "int32")));
    expect(distance(model.logits(x, trainingMode()), model.logits(x, inference))).toBe(0);
    expect(distance(at(1), at(1))).toBe(0);
    expect(distance(at(1), at(2))).toBeGreaterThan(1e-3);
    expect(distance(at(1), model.logits(x))).toBeGreaterThan(1e-3);
  });

  test("reads the class token alone when it is asked to", () => {
    const model = createModel(dinov3, "vit_small_patch16_dinov3", { ...small, globalPool: "token" });
    const x = images(32, 32);
    expect(distance(model.logits(x), model.head(model.features(x)))).toBeLessThan(1e-6);
  });

  test("refuses options that do not go together", () => {
    const make = (options: object) => () => createModel(dinov3, "vit_small_patch16_dinov3", { ...small, ...options });
    expect(make({ imgSize: 30 })).toThrow("the nearest size is 32x32");
    expect(make({ numHeads: 8 })).toThrow("embedDim 16 must be numHeads 8 times a multiple of 4");
    expect(make({ globalPool: "token", classToken: false })).toThrow('globalPool "token" needs classToken');
    expect(make({ ropeJitterCoords: 0.5 })).toThrow("jitter must be 1 or more");
  });
});
