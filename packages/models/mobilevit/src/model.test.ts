// Numbers: timm 1.0.31, made by scripts/fixtures/mobilevit.py and variants.py.

import { createModel, inference, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { type MobileViTStage, mobilevit, type Stage } from "./index.ts";
import { fold, unfold } from "./patches.ts";

describeFamily(mobilevit, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // What is added to a whole map ahead of batch norm is taken away again.
  zeroGradients: /conv3_1x1\.bn\.bias$|stages\.\d\.1\.norm\.bias$/,
});

describe("mobilevit", () => {
  beforeAll(() => useBackend("cpu"));

  const far: MobileViTStage = {
    type: "mobilevit",
    c: 8,
    s: 2,
    br: 2,
    transformerDim: 8,
    transformerDepth: 1,
    patchSize: 2,
  };
  const made = (stages: Stage[], more: object = {}) =>
    createModel(mobilevit, "mobilevit_xxs", { stemChs: 8, numFeatures: 0, numClasses: 3, stages, ...more });

  test("has at each place of a patch the pixels of that place", async () => {
    const map = tf.tensor4d([...Array(24).keys()], [1, 4, 6, 1]);
    const patches = unfold(map, [2, 3]);
    expect(patches.shape).toEqual([1, 6, 4, 1]);
    // Rows of the map begin at 0, 6, 12, 18; the place in row 1, column 2 of each of the four patches:
    expect(await tf.slice(patches, [0, 5, 0, 0], [1, 1, 4, 1]).data()).toEqual(Float32Array.of(8, 11, 20, 23));
    expect(await fold(patches, [2, 3], [4, 6]).data()).toEqual(await map.data());
  });

  test("takes maps that the patches do not tile; the second version's stay as they were resized", () => {
    const images = tf.zeros<tf.Rank.R4>([1, 36, 52, 3]);
    expect(made([far]).features(images).shape).toEqual([1, 9, 13, 8]);
    const { transformerDim: _, ...rest } = far;
    const second = made([{ ...rest, type: "mobilevit2", transformerBr: 0.5, patchSize: [2, 4] }]);
    expect(second.features(images).shape).toEqual([1, 10, 16, 8]);
  });

  test("begins with residual branches that do nothing", async () => {
    const model = made([{ type: "ir", d: 2, c: 8, s: 1, br: 2 }]);
    const taps = new Map<string, tf.Tensor>();
    model.features(tf.randomNormal([1, 8, 8, 3], 0, 1, "float32", 1) as tf.Tensor4D, { ...inference, taps });
    expect(await taps.get("stages.0.1")!.data()).toEqual(await taps.get("stem")!.data());
  });

  test("refuses stages that cannot be", () => {
    expect(() => made([{ ...far, transformerDim: 10 }])).toThrow("stages[0].transformerDim 10 is not divisible");
    expect(() => made([{ ...far, type: "mobile" } as unknown as Stage])).toThrow(
      'stages[0].type must be "ir", "mobilevit" or "mobilevit2", found "mobile"',
    );
  });
});
