// Numbers: transformers 5.23.0, made by scripts/fixtures/cvt.py.

import { createModel, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { cvt } from "./index.ts";

const small = { imgSize: 32, embedDim: [8, 12, 16], numHeads: [1, 3, 2], depth: [1, 1, 2], numClasses: 5 };

describeFamily(cvt, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // A bias of the keys moves all scores of a query alike; of the last layer's queries only the class token's are read.
  zeroGradients: /projection_key\.(bias|.*normalization\.bias)$|stages\.2\.layers\.0\..*convolution_projection_query/,
});

describe("cvt", () => {
  beforeAll(() => useBackend("cpu"));

  const images = (height: number, width: number) =>
    tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;

  test("takes images of any size from the smallest on", () => {
    const model = createModel(cvt, "cvt_13", small);
    expect(model.features(images(3, 50)).shape).toEqual([2, 1 + 1 * 3, 16]);
    expect(() => model.logits(images(2, 50))).toThrow("the smallest is 3x3");
  });

  test("gives running statistics of every convolution, of the queries that nobody reads too", () => {
    const model = createModel(cvt, "cvt_13", small);
    const mode = trainingMode();
    model.logits(images(32, 32), mode);
    const path = "cvt.encoder.stages.2.layers.1.attention.attention.convolution_projection_query";
    expect([...mode.updates!.keys()]).toContain(`${path}.convolution_projection.normalization.running_mean`);
    expect(mode.updates!.size).toBe(3 * 3 * 4);
  });

  test("reads the mean of the tokens where the last stage has no class token", () => {
    const model = createModel(cvt, "cvt_13", { ...small, clsToken: [false, false, false] });
    expect(model.features(images(32, 32)).shape).toEqual([2, 4, 16]);
    expect(model.logits(images(32, 32)).shape).toEqual([2, 5]);
  });

  test("refuses options that do not go together", () => {
    const make = (options: object) => () => createModel(cvt, "cvt_13", { ...small, ...options });
    expect(make({ imgSize: 2 })).toThrow("the smallest is 3x3");
    expect(make({ depth: [1, 2] })).toThrow("depth has 2 stages, patchSizes has 3");
    expect(make({ clsToken: [false, true, true] })).toThrow("set clsToken[1] false");
    expect(make({ qkvProjectionMethod: ["dw_bn", "avg", "dw_bn"] })).toThrow('"avg" has no published model');
    expect(make({ strideQ: [1, 1, 2] })).toThrow("each token asks once");
    expect(make({ numHeads: [1, 5, 2] })).toThrow("embedDim 12 is not divisible by numHeads 5");
  });
});
