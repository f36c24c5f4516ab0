import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { fixture } from "../tests/fixtures.ts";
import { checkMixup, cutmixBox, drawMix, mixMap, mixRng, mixTargets } from "./mixup.ts";

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
      const own = mixMap({ lam, box: box! }, 20, 30).reduce((sum, w) => sum + w, 0) / 600;
      expect(lam).toBeCloseTo(own, 6);
    }
    const cut = drawMix({ cutmixAlpha: 1, correctLam: false }, 20, 30, mixRng(1, 0, 2))!;
    expect(cut.lam).not.toBeCloseTo(1 - ((cut.box![1] - cut.box![0]) * (cut.box![3] - cut.box![2])) / 600, 6);
  });

  test("keeps the sides of boxes in the range given", () => {
    for (const rng of draws.slice(0, 100)) {
      const { box } = drawMix({ cutmixMinmax: [0.2, 0.5] }, 40, 60, rng)!;
      const [height, width] = [box![1] - box![0], box![3] - box![2]];
      expect(height).toBeGreaterThanOrEqual(8);
      expect(height).toBeLessThanOrEqual(20);
      expect(width).toBeGreaterThanOrEqual(12);
      expect(width).toBeLessThanOrEqual(30);
      expect(box![1]).toBeLessThanOrEqual(40);
    }
  });

  test("spreads λ as Beta(α, α) does", () => {
    const lams = draws.map((rng) => drawMix({ mixupAlpha: 0.4 }, 8, 8, rng)!.lam);
    const mean = lams.reduce((sum, lam) => sum + lam, 0) / lams.length;
    const variance = lams.reduce((sum, lam) => sum + (lam - mean) ** 2, 0) / lams.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance).toBeCloseTo(1 / (4 * (2 * 0.4 + 1)), 1);
  });
});

test("mixes smoothed targets with those of the reversed batch", () => {
  const targets = mixTargets(Int32Array.of(0, 1, 2), 3, 0.3, { lam: 0.75 });
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
  expect(() => checkMixup({ cutmixMinmax: [0.5, 0.2] })).toThrow("cutmixMinmax must be two shares");
  expect(drawMix({ mixupAlpha: 0 }, 8, 8, Rng.of(1))).toBeUndefined();
});
