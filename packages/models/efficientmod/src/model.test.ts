// Numbers: the authors' implementation, made by scripts/fixtures/efficientmod.py.

import { configure, createModel, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { efficientmod } from "./index.ts";

const small = {
  imgSize: 32,
  embedDim: [8, 12],
  depths: [1, 2],
  attentionDepth: [0, 1],
  mlpRatio: [1, [1, 2]],
  convGroupDim: [1, [1, 2]],
  contextSize: [3, 3],
  attRatio: [2, 2],
  numClasses: 5,
};

describeFamily(efficientmod, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("efficientmod", () => {
  beforeAll(() => useBackend("cpu"));

  const spec = (options: object = {}) =>
    efficientmod.spec(configure(efficientmod, "efficientMod_xxs", { ...small, ...options }));

  test.each([
    [32, 32],
    [33, 47],
    [1, 5],
  ])("takes an image of %ix%i", (height, width) => {
    const images = tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;
    expect(createModel(efficientmod, "efficientMod_xxs", small).logits(images).shape).toEqual([2, 5]);
  });

  test("has heads of at least 32 channels", () => {
    const attn = (dim: number) => spec({ embedDim: [8, dim] }).layers[1]?.blocks[2] as { attn: unknown };
    expect(attn(12).attn).toMatchObject({ qkv: { weight: { shape: [12, 3 * 8 * 32] } } });
    expect(attn(320).attn).toMatchObject({ qkv: { weight: { shape: [320, 3 * 8 * 40] } } });
  });

  test.each([
    [{ embedDim: [8] }, "embedDim must have a width for each of the 2 stages in depths, found 1"],
    [{ attRatio: [2] }, "attRatio must have an entry for each of the 2 stages in depths, found 1"],
    [{ depths: [0, 2] }, "depths and attentionDepth leave stage 0 without a block"],
    [{ mlpRatio: [1, [1]] }, "mlpRatio must have an entry for each of the 2 blocks of stage 1, found 1"],
    [{ convGroupDim: [1, 3] }, "a context of 12 channels, convGroupDim 3 times, must be the 12 hidden channels"],
    [{ mlpRatio: [2, 2], convGroupDim: [1, 1], contextF: false, contextG: false }, "contextF false needs a context"],
    [{ contextSize: [4, 3] }, "contextSize must be odd for the map to keep its size, found 4"],
  ])("refuses %j", (options, message) => {
    expect(() => spec(options)).toThrow(message);
  });
});
