// Numbers: timm 1.0.31, made by scripts/fixtures/maxvit.py and variants.py.

import { createModel, inference, stateOf, tf, trainingMode } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { maxvit } from "./index.ts";

const small = {
  imgSize: 32,
  stemWidth: [4, 8],
  embedDim: [8, 16],
  depths: [1, 1],
  transformerDimHead: 4,
  transformerPartitionRatio: 8,
  numClasses: 5,
} as const;
const windows = { ...small, blockType: ["M", "M"] } as const;

describeFamily(maxvit, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // A bias ahead of a norm over the batch.
  zeroGradients: /^stem\.conv1\.bias$|conv\.pre_norm\.bias$/,
});

describe("maxvit", () => {
  beforeAll(() => useBackend("cpu"));

  const images = (height: number, width = height) =>
    tf.randomNormal<tf.Rank.R4>([2, height, width, 3], 0, 1, "float32", 1);

  test("takes larger images than it was made for, where windows divide their maps", () => {
    const model = createModel(maxvit, "maxvit_tiny_rw_224", windows);
    expect(model.features(images(64, 32)).shape).toEqual([2, 8, 4, 16]);
    expect(() => model.logits(images(40))).toThrow(
      "an image of 40x40 gives its height a map of 10, not divided by windows of 4, in stage 0; sides that fit are 32 and 63",
    );
  });

  test("makes windows for its images", () => {
    const model = createModel(maxvit, "maxvit_tiny_tf_224", { ...windows, imgSize: [32, 48] });
    const taps = new Map<string, tf.Tensor>();
    model.logits(images(32, 48), { ...inference, taps });
    expect(taps.get("stages.0.blocks.0.attn_block.attn.weights")!.shape).toEqual([1, 2, 8, 24, 24]);
    expect(taps.get("stages.0.blocks.0.attn_grid.attn.weights")!.shape).toEqual([2, 2, 4, 24, 24]);
  });

  test("refuses sizes that its windows do not fit, and names those which do", () => {
    expect(() => createModel(maxvit, "maxvit_tiny_tf_224", { imgSize: 230 })).toThrow(
      "imgSize of 230x230 gives its height a map of 58, not divided by windows of 7, in stage 0; sides that fit are 224 and 256",
    );
    expect(() => createModel(maxvit, "maxvit_tiny_rw_224", { imgSize: [224, 20] })).toThrow(
      "gives its width a map of 5, not divided by windows of 0, in stage 0; sides that fit are 32",
    );
    expect(() => createModel(maxvit, "coatnet_pico_rw_224", { imgSize: 222 })).toThrow(
      "an odd side of 111 ahead of stage 0, which halves it",
    );
  });

  test("refuses options that do not go together", () => {
    const make = (options: object) => () => createModel(maxvit, "maxvit_tiny_rw_224", { ...windows, ...options });
    expect(make({ depths: [1] })).toThrow("depths has 1 stages and embedDim 2");
    expect(make({ transformerRelPosType: "swin" })).toThrow(
      'transformerRelPosType "swin" is not known; it is one of "bias", "bias_tf", "mlp", ""',
    );
    expect(make({ blockType: ["M", "X"] })).toThrow('blockType "X" is not known');
    expect(make({ transformerDimHead: 3 })).toThrow("transformerDimHead 3 does not divide an attention of 8 channels");
    expect(make({ convGroupSize: 5 })).toThrow("convGroupSize 5 does not divide 32 channels");
    expect(make({ blockType: ["PM", "PM"], transformerWindowSize: 4, transformerGridSize: 2 })).toThrow(
      'blockType "PM" needs transformerGridSize 4x4',
    );
    expect(make({ convBlockType: "convnext", embedDim: [8, 12] })).toThrow("embedDim goes from 8 to 12");
  });

  test("drops values of the perceptron of positions in training alone", async () => {
    const model = createModel(maxvit, "maxvit_rmlp_pico_rw_256", windows);
    const logits = async (mode = inference) => Array.from(await model.logits(images(32), mode).data());
    const key = (step: number) => tf.tensor1d([1, step], "int32");
    expect(await logits(trainingMode(key(1)))).not.toEqual(await logits(trainingMode(key(2))));
    expect(await logits(trainingMode(key(1)))).toEqual(await logits(trainingMode(key(1))));
    expect(await logits()).toEqual(await logits());
  });

  test("takes a checkpoint whose linear layers are 1x1 convolutions", async () => {
    const model = createModel(maxvit, "maxvit_tiny_rw_224", windows);
    const state = await stateOf(model.spec, model.params);
    const other = createModel(maxvit, "maxvit_tiny_rw_224", {
      ...windows,
      transformerUseNchwAttn: true,
      state,
      seed: 7,
    });
    expect((await stateOf(other.spec, other.params)).get("stages.0.blocks.0.attn_grid.attn.qkv.weight")!.shape).toEqual(
      [24, 8, 1, 1],
    );
    const x = images(32);
    expect(await other.logits(x).data()).toEqual(await model.logits(x).data());
  });

  test("tells of its maps", () => {
    const model = createModel(maxvit, "coatnet_0_224", { ...small, blockType: ["C", "T"] });
    const maps = model.featureMaps(images(32));
    expect(maps.map(({ shape }) => shape)).toEqual([
      [2, 16, 16, 8],
      [2, 8, 8, 8],
      [2, 4, 4, 16],
    ]);
  });
});
