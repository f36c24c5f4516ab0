// Numbers: timm 1.0.31, made by scripts/fixtures/swin.py, swinv2.py, swinv2_cr.py and variants.py.

import { createModel, stateOf, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { swin, swinV2, swinV2Cr } from "./index.ts";

describeFamily(swin, { fixtures: new URL("../fixtures/", import.meta.url) });

// Norms at the end of branches start at zero, so at first nothing gets behind them.
const closed = /\.blocks\.\d+\.(attn|mlp)\./;
describeFamily(swinV2, { fixtures: new URL("../fixtures/v2/", import.meta.url), zeroGradients: closed });
describeFamily(swinV2Cr, { fixtures: new URL("../fixtures/v2-cr/", import.meta.url) });

const small = { imgSize: 32, embedDim: 8, depths: [2, 2], numHeads: [1, 2], numClasses: 5 };
const tiny = { ...small, windowSize: 4 };
const images = (height: number, width = height) =>
  tf.randomNormal([2, height, width, 3], 0, 1, "float32", 1) as tf.Tensor4D;

describe("windows", () => {
  beforeAll(() => useBackend("cpu"));

  test("of v2 keep their part of the map when the image's size changes, and parameters stay", () => {
    const model = createModel(swinV2, "swinv2_tiny_window8_256", tiny);
    const larger = model.with({ imgSize: [48, 80] });
    expect(larger.params).toBe(model.params);
    expect(larger.config.windowSize).toEqual([
      [6, 10],
      [6, 10],
    ]);
    expect(larger.logits(images(48, 80)).shape).toEqual([2, 5]);
    expect(model.with({ imgSize: 48, windowSize: 4 }).config.windowSize).toBe(4);
  });

  test("of timm's v2 are a part of the image", () => {
    const model = createModel(swinV2Cr, "swinv2_cr_tiny_224", { ...small, windowRatio: 2 });
    expect(model.with({ imgSize: 80 }).config.windowSize).toEqual([
      [10, 10],
      [10, 10],
    ]);
    expect(model.with({ imgSize: 80, windowRatio: [4, 2] }).config.windowSize).toEqual([
      [5, 5],
      [10, 10],
    ]);
    expect(model.with({ imgSize: 80 }).logits(images(80)).shape).toEqual([2, 5]);
  });

  test("of the first Swin stay, and a map that is smaller asks for other tables", async () => {
    const model = createModel(swin, "swin_tiny_patch4_window7_224", tiny);
    expect(model.with({ imgSize: 48 }).logits(images(48)).shape).toEqual([2, 5]);
    expect(() => model.with({ imgSize: 24 })).toThrow("relative_position_bias_table [49,2] → [25,2]");
    const state = await stateOf(model.spec, model.params);
    const smaller = createModel(swin, "swin_tiny_patch4_window7_224", { ...tiny, imgSize: 24, state });
    expect(smaller.notes).toEqual(
      [0, 1].map(
        (i) => `layers.1.blocks.${i}.attn.relative_position_bias_table: offsets of 4x4 windows resampled to 3x3`,
      ),
    );
  });

  test("of a checkpoint are resampled for others", async () => {
    const model = createModel(swin, "swin_tiny_patch4_window7_224", tiny);
    const state = await stateOf(model.spec, model.params);
    const other = createModel(swin, "swin_tiny_patch4_window7_224", { ...tiny, windowSize: [2, 5], state });
    expect(other.notes).toHaveLength(4);
    expect(other.logits(images(32)).shape).toEqual([2, 5]);
  });
});

describe("checkpoints as published", () => {
  beforeAll(() => useBackend("cpu"));

  test("load under timm's names", async () => {
    const model = createModel(swin, "swin_tiny_patch4_window7_224", tiny);
    const given = new Map(
      [...(await stateOf(model.spec, model.params))].map(([key, value]) => [
        key.replace("layers.1.downsample", "layers.0.downsample").replace("head.fc", "head"),
        value,
      ]),
    );
    given.set("layers.0.blocks.1.attn_mask", { shape: [1], data: new Float32Array(1) });
    const again = createModel(swin, "swin_tiny_patch4_window7_224", { ...tiny, state: given, seed: 7 });
    expect(again.notes).toEqual(["the authors' names were put into timm's"]);
    const x = images(32);
    expect(again.logits(x).arraySync()).toEqual(model.logits(x).arraySync());
  });

  test("of timm's v2 hold a divisor where later ones hold a logarithm", async () => {
    const options = { ...small, windowRatio: 2, initValues: 1 };
    const model = createModel(swinV2Cr, "swinv2_cr_tiny_224", options);
    const given = new Map(
      [...(await stateOf(model.spec, model.params))].map(([key, { shape, data }]) => [
        key.replace("logit_scale", "tau").replace("head.fc", "head"),
        { shape, data: key.endsWith("logit_scale") ? data.map((value) => Math.exp(-value)) : data },
      ]),
    );
    const again = createModel(swinV2Cr, "swinv2_cr_tiny_224", { ...options, state: given, seed: 7 });
    expect(again.notes).toEqual(["the names of timm's earlier checkpoints were put into today's"]);
    const x = images(32);
    const worst = tf.max(tf.abs(tf.sub(again.logits(x), model.logits(x))));
    expect((await worst.data())[0]).toBeLessThan(1e-5);
  });
});

describe("refusals", () => {
  beforeAll(() => useBackend("cpu"));
  const make = (options: object) => () => createModel(swin, "swin_tiny_patch4_window7_224", { ...tiny, ...options });

  test.each([
    [{ numHeads: [1, 3] }, "stage 1 is 16 wide, which its 3 heads do not divide"],
    [{ numHeads: [1], headDim: 4 }, "numHeads: one for each of the 2 stages of depths, found 1"],
    [{ windowSize: [4, 4, 4] }, "one window, or one for each of the 2 stages; found 3"],
    [{ windowSize: 0 }, "windowSize must be whole and positive, found 0"],
    [{ mlpRatio: [4] }, "mlpRatio: one for each of the 2 stages, found 1"],
    [{ imgSize: [2, 8] }, "imgSize 2x8 has no patch of 4x4; take at least 4"],
    [{ globalPool: "" }, 'globalPool "" leaves the map as it is, which needs numClasses 0'],
  ])("of %o", (options, message) => {
    expect(make(options)).toThrow(message);
  });

  test("of other options of v2", () => {
    const v2 = { ...tiny, pretrainedWindowSizes: [4] };
    expect(() => createModel(swinV2, "swinv2_tiny_window8_256", v2)).toThrow("one for each of the 2 stages");
    const cr = { ...small, windowRatio: [2, 0] };
    expect(() => createModel(swinV2Cr, "swinv2_cr_tiny_224", cr)).toThrow("windowRatio must be whole and positive");
  });

  test("of images of another size, unless any will do", () => {
    const message =
      "an image of 32x32 is expected, 48x48 found; resize it, or make the model with that imgSize or with";
    expect(() => make({})().logits(images(48))).toThrow(message);
    const any = make({ dynamicImgSize: true })();
    expect(any.logits(images(48, 36)).shape).toEqual([2, 5]);
    expect(() => any.logits(images(46))).toThrow("is not tiled by patches of 4x4; the nearest is 48x48");
  });
});
