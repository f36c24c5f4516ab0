// Numbers: timm 1.0.31, made by scripts/fixtures/deit.py and variants.py.

import { createModel, inference, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { deit } from "./index.ts";

const small = { imgSize: 16, patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, mlpRatio: 2, numClasses: 5 };

describeFamily(deit, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("deit", () => {
  beforeAll(() => useBackend("cpu"));

  const images = () => tf.randomNormal([2, 16, 16, 3], 0, 1, "float32", 1) as tf.Tensor4D;

  test("answers with the mean of its two heads", async () => {
    const model = createModel(deit, "deit_tiny_distilled_patch16_224", { ...small, distilledTraining: true });
    const x = images();
    const [first, second] = model.heads(x, trainingMode());
    const mean = tf.mul(tf.add(first!, second!), 0.5);
    const worst = tf.max(tf.abs(tf.sub(mean, model.logits(x, inference))));
    expect((await worst.data())[0]).toBeLessThan(1e-6);
  });

  test("has one answer in training without a teacher", () => {
    const model = createModel(deit, "deit_tiny_distilled_patch16_224", small);
    expect(model.heads(images(), trainingMode())).toHaveLength(1);
  });

  test("puts the norm behind the mean of the patches", () => {
    const model = createModel(deit, "deit3_small_patch16_224", { ...small, globalPool: "avg" });
    expect(Object.keys(model.spec)).toContain("fc_norm");
    expect(model.logits(images()).shape).toEqual([2, 5]);
  });

  test("refuses distilled training of a model without a distillation token", () => {
    expect(() => createModel(deit, "deit_tiny_patch16_224", { ...small, distilledTraining: true })).toThrow(
      "distilledTraining needs a distilled model",
    );
    expect(() => createModel(deit, "deit_tiny_distilled_patch16_224", { ...small, globalPool: "avg" })).toThrow(
      "reads its class and distillation tokens",
    );
  });
});
