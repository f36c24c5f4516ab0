// Numbers: timm 1.0.31, made by scripts/fixtures/rdnet.py and variants.py.

import { createModel, specLeaves, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { rdnet } from "./index.ts";

describeFamily(rdnet, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("rdnet", () => {
  beforeAll(() => useBackend("cpu"));

  const small = {
    imgSize: 32,
    numInitFeatures: 8,
    growthRates: [8, 8, 8],
    numBlocksList: [1, 1, 2],
    blockType: ["Block", "Block", "BlockESE"] as const,
    isDownsampleBlock: [null, true, false],
    numClasses: 3,
  };

  test("gives one map for each size, the last of it", () => {
    const model = createModel(rdnet, "rdnet_tiny", small);
    expect(model.stages).toEqual([
      { path: "dense_stages.0", channels: 16, stride: 4 },
      { path: "dense_stages.2", channels: 24, stride: 8 },
    ]);
  });

  test("keeps what a block has seen as it was", () => {
    const model = createModel(rdnet, "rdnet_tiny", { ...small, lsInitValue: 0.5 });
    const taps = new Map<string, tf.Tensor>();
    model.features(tf.ones<tf.Rank.R4>([1, 32, 32, 3]), { training: false, path: "", taps });
    const [all, added] = [taps.get("dense_stages.0")!, taps.get("dense_stages.0.0.dense_block0")!];
    const parts = tf.split(all, [8, 8], 3);
    expect(parts[0]!.dataSync()).toEqual(taps.get("stem")!.dataSync());
    expect(parts[1]!.dataSync()).toEqual(added.dataSync());
  });

  test("has no scale where its initial value is 0", () => {
    const paths = specLeaves(createModel(rdnet, "rdnet_tiny", { ...small, lsInitValue: 0 }).spec).map(([path]) => path);
    expect(paths.filter((path) => path.endsWith("gamma"))).toEqual([]);
  });

  test("refuses stages that do not go together", () => {
    const make = (options: object) => () => createModel(rdnet, "rdnet_tiny", { ...small, ...options });
    expect(make({ growthRates: [8, 8] })).toThrow("have an entry for each stage; found 2, 3, 3, 3");
    expect(make({ blockType: ["Block", "Block", "block"] })).toThrow(
      'blockType is "Block" or "BlockESE", found "block"',
    );
    expect(make({ imgSize: [32, 6] })).toThrow("images of 8 pixels or more are expected, 32x6 found");
  });
});
