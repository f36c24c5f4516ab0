// Numbers: timm 1.0.31, made by scripts/fixtures/resnet.py and variants.py.

import { configure, createModel, leaves, specLeaves, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { resnet } from "./index.ts";

describeFamily(resnet, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("resnet", () => {
  beforeAll(() => useBackend("cpu"));

  const small = { layers: [1, 1, 1, 1], channels: [4, 4, 8, 8], numClasses: 3, imgSize: 64 };
  const images = () => tf.randomNormal([1, 64, 64, 3], 0, 1, "float32", 1) as tf.Tensor4D;

  test("begins as its shortcuts alone, unless told otherwise", () => {
    const last = (zeroInitLast: boolean) => {
      const model = createModel(resnet, "resnet50", { ...small, zeroInitLast });
      const norms = leaves(model.params).filter(([path]) => /bn3\.weight$/.test(path));
      return norms.map(([, value]) => tf.max(value).dataSync()[0]);
    };
    expect(last(true)).toEqual([0, 0, 0, 0]);
    expect(last(false)).toEqual([1, 1, 1, 1]);
  });

  test("keeps its last maps finer where the output stride is smaller", () => {
    const maps = ([32, 16, 8] as const).map((outputStride) => {
      const model = createModel(resnet, "resnet18", { ...small, outputStride });
      return [model.features(images()).shape[1], model.stages.at(-1)!.stride];
    });
    expect(maps).toEqual([[2, 32], [4, 16], [8, 8]]); // biome-ignore format: one line
  });

  test("takes a block for each stage", () => {
    const block = ["basic", "basic", "bottleneck", "basic"] as const;
    const model = createModel(resnet, "resnet18", { ...small, block });
    expect(model.stages.map(({ channels }) => channels)).toEqual([64, 4, 4, 32, 8]);
    expect(model.logits(images()).shape).toEqual([1, 3]);
  });

  test("widens the head for pooling by mean and maximum side by side", () => {
    const spec = resnet.spec(configure(resnet, "resnet50", { ...small, globalPool: "catavgmax" }));
    expect(specLeaves(spec).find(([path]) => path === "fc.weight")![1].shape).toEqual([64, 3]);
  });

  test("refuses what no block or stage can be", () => {
    const make = (options: object) => () => createModel(resnet, "resnet18", { ...small, ...options });
    expect(make({ layers: [1, 1] })).toThrow("layers and channels have an entry for each stage; found 2 and 4");
    expect(make({ cardinality: 2 })).toThrow('cardinality and baseWidth are of the block "bottleneck"');
    expect(make({ block: ["basic"] })).toThrow("an entry for each of 4 stages; found 1");
    expect(make({ outputStride: 4 })).toThrow("outputStride is 8, 16 or 32, found 4");
    expect(make({ aaLayer: "avg", replaceStemPool: true })).toThrow("aaLayer softens the stem's pooling");
  });
});
