// Numbers: axial-deeplab 79088ed and axial-attention 0.6.1, made by scripts/fixtures/axial.py.

import { createModel, initParams, Rng, tf } from "@vitrine/core";
import {
  backendNames,
  checkCase,
  describeFamily,
  goldenFolders,
  layerSubject,
  optionsOf,
  readGolden,
  useBackend,
} from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { type AxialAttention, axial, axialAttention, axialAttentionSpec } from "./index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);

describeFamily(axial, { fixtures });

describe.each(backendNames)("axialAttention on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(goldenFolders(new URL("layers/", fixtures)))("gives the reference's numbers: %s", async (_, folder) => {
    const golden = readGolden(folder);
    const { dim, ...options } = optionsOf(golden.about) as { dim: number; heads: number; dimIndex?: number };
    const spec = axialAttentionSpec(dim, options);
    const checks = await checkCase(
      layerSubject<AxialAttention>(golden, spec, (p, x) => axialAttention(p, x, options)),
      golden,
    );
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.length).toBeGreaterThan(8);
  });
});

describe("axial", () => {
  beforeAll(() => useBackend("cpu"));

  test("refuses sizes that do not halve five times", () => {
    expect(() => createModel(axial, "axial_resnet26_s", { imgSize: [100, 224] })).toThrow(
      "imgSize 100x224 is not a multiple of 32; the nearest size is 96x224",
    );
  });

  test("refuses heads that do not fit the width", () => {
    expect(() => createModel(axial, "axial_resnet26_s", { groups: 7 })).toThrow("must be multiples of groups 7");
  });

  test("refuses an image of another size", () => {
    const small = { imgSize: 32, layers: [1, 1, 1, 1], groups: 2, s: 0.03125, numClasses: 5 };
    const model = createModel(axial, "axial_resnet26_s", small);
    expect(() => model.logits(tf.zeros([1, 64, 64, 3]))).toThrow("an image of 32x32 is expected, 64x64 found");
  });

  test("refuses an input of other axes than the layer's", () => {
    const params = initParams<AxialAttention>(axialAttentionSpec(8, { heads: 2 }), Rng.of(1));
    expect(() => axialAttention(params, tf.zeros([2, 5, 8]), { heads: 2 })).toThrow("4 dimensions are expected");
  });
});
