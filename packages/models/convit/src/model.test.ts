// Numbers: timm 1.0.31, made by scripts/fixtures/convit.py and variants.py.

import { createModel, inference, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { convit } from "./index.ts";

const small = { imgSize: 32, patchSize: 8, embedDim: 4, depth: 3, numHeads: 4, localUpToLayer: 2, numClasses: 5 };

describeFamily(convit, {
  fixtures: new URL("../fixtures/", import.meta.url),
  // A bias moves all positions' scores of a head alike.
  zeroGradients: /pos_proj\.bias$/,
});

describe("convit", () => {
  beforeAll(() => useBackend("cpu"));

  test("starts with heads that look at the cells around a token", async () => {
    const model = createModel(convit, "convit_tiny", { ...small, localityStrength: 20, qkvBias: true });
    const taps = new Map<string, tf.Tensor>();
    model.logits(tf.zeros([1, 32, 32, 3]), { ...inference, taps });
    const weights = await taps.get("blocks.0.attn.weights")!.array();
    const gate = 1 / (1 + Math.exp(-1));
    // From the cell of row 1, column 1: a square of 2x2 heads lies between four cells, of which the first head is drawn to the
    // one above on the left as much as to itself.
    const first = (weights as number[][][][])[0]![0]![5]!;
    expect(first[5]).toBeCloseTo(gate / 4 + (1 - gate) / 16, 2);
    expect(first[10]).toBeCloseTo((1 - gate) / 16, 2);
    for (const row of (weights as number[][][][])[0]!.flat())
      expect(row.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
  });

  test("takes images that are not square", () => {
    const model = createModel(convit, "convit_tiny", { ...small, imgSize: [16, 40] });
    expect(model.features(tf.zeros([2, 16, 40, 3])).shape).toEqual([2, 11, 16]);
  });

  test("refuses images of another size than it was made for", () => {
    const model = createModel(convit, "convit_tiny", small);
    expect(() => model.logits(tf.zeros([1, 40, 32, 3]))).toThrow("an image of 32x32 is expected, 40x32 found");
    expect(() => createModel(convit, "convit_tiny", { ...small, imgSize: 33 })).toThrow("the nearest size is 32x32");
  });
});
