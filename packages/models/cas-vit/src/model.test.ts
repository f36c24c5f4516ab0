// Numbers: the authors' implementation, made by scripts/fixtures/cas_vit.py.

import { configure, createModel, inference, stateOf, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { casVit } from "./index.ts";

const small = { imgSize: 32, layers: [1, 1, 1], embedDims: [8, 12, 16], mlpRatios: 2, numClasses: 5 };

describeFamily(casVit, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // Biases whose effect the next batch norm takes away.
  zeroGradients: /(patch_embed\.[03]|network\.\d+\.proj|local_perception\.network\.0|oper_[qk]\.0\.block\.0)\.bias$/,
});

describe("cas-vit", () => {
  beforeAll(() => useBackend("cpu"));

  const images = (height = 32, width = height) =>
    tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;
  const make = (options: object = {}) => createModel(casVit, "rcvit_xs", { ...small, ...options });

  test("answers with the mean of its two heads", async () => {
    const model = make();
    const x = images();
    const [first, second] = model.heads(x, inference);
    const worst = tf.max(tf.abs(tf.sub(tf.mul(tf.add(first!, second!), 0.5), model.logits(x))));
    expect((await worst.data())[0]).toBeLessThan(1e-6);
  });

  test("has one answer without distillation", () => {
    expect(make({ distillation: false }).heads(images(), trainingMode())).toHaveLength(1);
  });

  test.each([
    [32, 32],
    [33, 47],
    [1, 5],
  ])("takes an image of %ix%i", (height, width) => {
    expect(make().logits(images(height, width)).shape).toEqual([2, 5]);
  });

  test("has a norm for each map, and no classifier, as a backbone", async () => {
    const classifier = make();
    const backbone = make({ forkFeat: true, state: await stateOf(classifier.spec, classifier.params) });
    expect(backbone.notes).toEqual(["the classifier is left out, and the norms of the feature maps are new"]);
    expect(Object.keys(backbone.spec).sort()).toEqual(["network", "norm0", "norm2", "norm4", "patch_embed"]);
    const x = images();
    const [plain, normed] = [classifier.featureMaps(x), backbone.featureMaps(x)];
    expect(normed.map(({ shape }) => shape)).toEqual(plain.map(({ shape }) => shape));
    // A new norm only divides by √(1 + ε).
    const worst = tf.max(tf.abs(tf.sub(tf.mul(normed[0]!, Math.sqrt(1 + 1e-5)), plain[0]!)));
    expect((await worst.data())[0]).toBeLessThan(1e-4);
    expect(backbone.logits(x).shape).toEqual([2, 16]);
  });

  test("keeps the size between stages where it is told to", () => {
    const even = { embedDims: [8, 8, 12], downsamples: [false, true] };
    expect(make(even).stages).toEqual([
      { path: "network.0", channels: 8, stride: 4 },
      { path: "network.1", channels: 8, stride: 4 },
      { path: "network.3", channels: 12, stride: 8 },
    ]);
  });

  test("refuses lists that do not match", () => {
    const spec = (options: object) => () => casVit.spec(configure(casVit, "rcvit_xs", { ...small, ...options }));
    expect(spec({ embedDims: [8, 12] })).toThrow("embedDims must have a width for each of the 3 stages, found [8,12]");
    expect(spec({ downsamples: [true] })).toThrow("downsamples must say so for each of the 2 gaps, found [true]");
    expect(spec({ embedDims: [7, 12, 16] })).toThrow("embedDims[0] must be even for the stem's two halves, found 7");
  });
});
