import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { fixture } from "../tests/fixtures.ts";
import { checkMixup, cutmixBox, drawMix, drawMixes, type MixupConfig, mixRng, mixRows, mixTargets } from "./mixup.ts";

interface Boxes {
  cutmix_boxes: {
    lam: number;
    centre_y_x: [number, number];
    shape_hw: [number, number];
    box_yl_yh_xl_xh: number[];
    corrected_lam: number;
  }[];
}

const draws = Array.from({ length: 400 }, (_, i) => mixRng(1, 0, i));

test.skipIf(process.env.VITRINE_PARITY !== undefined)("cuts the boxes that timm cuts", () => {
  for (const { lam, centre_y_x, shape_hw, box_yl_yh_xl_xh, corrected_lam } of fixture<Boxes>("mixup").cutmix_boxes) {
    const [height, width] = shape_hw;
    const box = cutmixBox(lam, height, width, centre_y_x);
    expect(box).toEqual(box_yl_yh_xl_xh);
    expect(1 - ((box[1] - box[0]) * (box[3] - box[2])) / (height * width)).toBeCloseTo(corrected_lam, 12);
  }
});

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

describe("drawing", () => {
  test("depends on the position of the batch alone", () => {
    const config = { mixupAlpha: 0.8, cutmixAlpha: 1 };
    expect(drawMix(config, 32, 32, mixRng(7, 3, 11))).toEqual(drawMix(config, 32, 32, mixRng(7, 3, 11)));
    expect(drawMix(config, 32, 32, mixRng(7, 3, 11))).not.toEqual(drawMix(config, 32, 32, mixRng(7, 4, 11)));
  });

  test("takes CutMix in half of the batches where both are on, and leaves the share that prob says alone", () => {
    const both = draws.map((rng) => drawMix({ mixupAlpha: 0.8, cutmixAlpha: 1, prob: 0.5 }, 32, 32, rng));
    const mixed = both.filter((mix) => mix !== undefined);
    expect(mixed.length / both.length).toBeCloseTo(0.5, 1);
    expect(mixed.filter((mix) => mix.box !== undefined).length / mixed.length).toBeCloseTo(0.5, 1);
  });

  test("gives the share of labels that the pixels have, unless told not to", () => {
    for (const rng of draws.slice(0, 50)) {
      const { lam, box } = drawMix({ cutmixAlpha: 1 }, 20, 30, rng)!;
      expect(lam).toBeCloseTo(1 - ((box![1] - box![0]) * (box![3] - box![2])) / 600, 12);
    }
    const cut = drawMix({ cutmixAlpha: 1, correctLam: false }, 20, 30, mixRng(1, 0, 2))!;
    expect(cut.lam).not.toBeCloseTo(1 - ((cut.box![1] - cut.box![0]) * (cut.box![3] - cut.box![2])) / 600, 6);
  });

  test("keeps the sides of boxes in the range given, the longest left out, anywhere in the image", () => {
    const boxes = Array.from(
      { length: 2000 },
      (_, i) => drawMix({ cutmixMinmax: [0.2, 0.5] }, 40, 60, mixRng(3, 0, i))!.box!,
    );
    const heights = boxes.map(([yl, yh]) => yh - yl);
    const widths = boxes.map(([, , xl, xh]) => xh - xl);
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([8, 19]);
    expect([Math.min(...widths), Math.max(...widths)]).toEqual([12, 29]);
    // Uniform over 8 … 19: mean 13.5, deviation 3.45.
    expect(Math.abs(mean(heights) - 13.5)).toBeLessThan((5 * 3.45) / Math.sqrt(2000));
    expect([Math.min(...boxes.map(([yl]) => yl)), Math.max(...boxes.map(([, yh]) => yh))]).toEqual([0, 40]);
    // The place is uniform from the one border to the other.
    expect(Math.abs(mean(boxes.map(([yl, yh]) => yl / (40 - (yh - yl)))) - 0.5)).toBeLessThan(0.04);
  });

  test.each([0.2, 0.4, 1, 2.5])("spreads λ as Beta(α, α) does, α = %d", (alpha) => {
    const lams = Array.from(
      { length: 4000 },
      (_, i) => drawMix({ mixupAlpha: alpha }, 8, 8, mixRng(5, 0, i))?.lam ?? 1,
    );
    const variance = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean(lams) - 0.5)).toBeLessThan(5 * Math.sqrt(variance / lams.length));
    const found = mean(lams.map((lam) => (lam - 0.5) ** 2));
    // The fourth central moment of Beta(α, α) is 3 / (16 (2α + 1)(2α + 3)).
    const fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3));
    expect(Math.abs(found - variance)).toBeLessThan(5 * Math.sqrt((fourth - variance ** 2) / lams.length));
  });

  test("cuts boxes of 1 - λ of the area where the border cuts nothing off", () => {
    for (const lam of [0.1, 0.37, 0.5, 0.9, 0.99]) {
      const [yl, yh, xl, xh] = cutmixBox(lam, 300, 200, [150, 100]);
      expect(yh - yl).toBe(Math.floor(300 * Math.sqrt(1 - lam)));
      expect(xh - xl).toBe(Math.floor(200 * Math.sqrt(1 - lam)));
      expect(((yh - yl) * (xh - xl)) / 60_000).toBeCloseTo(1 - lam, 1);
    }
  });
});

test("boxes lie in images of any size, and the share of labels is that of the pixels", () => {
  for (let i = 0; i < 3000; i++) {
    const rng = Rng.of("sizes", i);
    const [height, width] = i < 50 ? [1 + rng.int(3), 1 + rng.int(3)] : [1 + rng.int(3000), 1 + rng.int(5000)];
    const low = rng.uniform();
    const range = [low, low + (1 - low) * rng.uniform()] as const;
    for (const config of [{ cutmixAlpha: 0.3 + rng.uniform() }, { cutmixMinmax: range }]) {
      const { lam, box } = drawMix(config, height, width, mixRng(i, 0, 0))!;
      const [yl, yh, xl, xh] = box!;
      expect(0 <= yl && yl <= yh && yh <= height && 0 <= xl && xl <= xh && xh <= width).toBe(true);
      expect(lam).toBeCloseTo(1 - ((yh - yl) * (xh - xl)) / (height * width), 12);
    }
  }
});

describe("the draws of a batch", () => {
  const batch = { size: 6, height: 16, width: 16, indices: Int32Array.of(7, 3, 9, 4, 3, 1) };
  const config: MixupConfig = { mixupAlpha: 0.8, cutmixAlpha: 1, prob: 0.8, switchProb: 0.3 };
  const place = { seed: 1, epoch: 2, position: 3 };

  test("is mixed as one, in pairs, or each image for itself", () => {
    const whole = drawMixes(config, batch, place);
    expect(new Set(whole).size).toBe(1);
    expect(mixRows(whole, "batch")).toHaveLength(5);
    const pairs = drawMixes({ ...config, mode: "pair" }, batch, place);
    expect(pairs.slice(3)).toEqual(pairs.slice(0, 3).reverse());
    const each = drawMixes({ mixupAlpha: 1, mode: "elem" }, batch, place);
    expect(new Set(each.map((mix) => mix!.lam)).size).toBe(6);
    expect(mixRows(each, "elem")).toHaveLength(30);
  });

  test("leaves the middle image of an odd number of pairs alone", () => {
    const odd = { ...batch, size: 5, indices: batch.indices.slice(0, 5) };
    expect(drawMixes({ ...config, prob: 1, mode: "pair" }, odd, place)[2]).toBeUndefined();
  });

  test("draws by sample: a sample in another place of another batch draws the same", () => {
    const other = { ...batch, indices: Int32Array.of(1, 2, 7, 8, 5, 0) };
    const a = drawMixes({ ...config, prob: 1, mode: "elem" }, batch, place);
    const b = drawMixes({ ...config, prob: 1, mode: "elem" }, other, { ...place, position: 9 });
    expect(b[2]).toEqual(a[0]);
    expect(b[0]).toEqual(a[5]);
    // One that comes twice draws anew.
    expect(a[4]).not.toEqual(a[1]);
  });

  test.each(["pair", "elem"] as const)("is mixed at the chances given in mode %s", (mode) => {
    const size = 4000;
    const large = { size, height: 8, width: 8, indices: Int32Array.from({ length: size }, (_, i) => i) };
    const mixes = drawMixes({ ...config, mode }, large, place).slice(0, size / 2);
    const mixed = mixes.filter((mix) => mix !== undefined);
    const within = (share: number, chance: number, n: number) =>
      expect(Math.abs(share - chance)).toBeLessThan(5 * Math.sqrt((chance * (1 - chance)) / n));
    within(mixed.length / mixes.length, 0.8, mixes.length);
    within(mixed.filter((mix) => mix.box !== undefined).length / mixed.length, 0.3, mixed.length);
  });
});

test("mixes smoothed targets with those of the reversed batch", () => {
  const targets = mixTargets(Int32Array.of(0, 1, 2), 3, 0.3, new Array(3).fill({ lam: 0.75 }));
  const [on, off] = [0.8, 0.1];
  const wanted = [0.75 * on + 0.25 * off, off, 0.75 * off + 0.25 * on, off, on, off];
  wanted.forEach((value, i) => {
    expect(targets[i]).toBeCloseTo(value, 6);
  });
  for (let row = 0; row < 3; row++)
    expect(targets.slice(3 * row, 3 * row + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
});

test("says which number is out of range", () => {
  expect(() => checkMixup({ mixupAlpha: -1 })).toThrow("mixupAlpha must be 0 or more, found -1");
  expect(() => checkMixup({ prob: 2 })).toThrow("prob must lie in [0, 1], found 2");
  expect(() => checkMixup({ mode: "element" as "elem" })).toThrow(
    'mode must be one of batch, pair, elem, found "element"',
  );
  expect(() => checkMixup({ labelSmoothing: 1 })).toThrow("labelSmoothing must lie in [0, 1), found 1");
  expect(() => checkMixup({ cutmixMinmax: [0.5, 0.2] })).toThrow("cutmixMinmax must be two shares");
  expect(drawMix({ mixupAlpha: 0 }, 8, 8, Rng.of(1))).toBeUndefined();
});
