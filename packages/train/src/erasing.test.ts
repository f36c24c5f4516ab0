import { expect, test } from "vitest";
import { fixture } from "../tests/fixtures.ts";
import { checkErasing, drawBoxes, drawErasing, type ErasingConfig } from "./erasing.ts";
import { mixRng } from "./mixup.ts";

interface Erasing {
  erasing: {
    size: [number, number];
    options: Record<string, number>;
    area: [number, number];
    logAspect: [number, number];
    top: [number, number];
  }[];
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

test.skipIf(process.env.VITRINE_PARITY !== undefined)("draws boxes of timm's areas, aspects and places", () => {
  for (const { size, options, ...timm } of fixture<Erasing>("mixing").erasing) {
    const [height, width] = size;
    const { min_area: minArea = 0.02, max_area: maxArea = 1 / 3, min_aspect: minAspect = 0.3 } = options;
    const config = { prob: 1, minArea, maxArea, minAspect };
    const boxes = Array.from({ length: 4000 }, (_, i) => drawBoxes(config, height, width, mixRng(1, 0, i))).flat();
    const found = {
      area: boxes.map(([yl, yh, xl, xh]) => ((yh - yl) * (xh - xl)) / (height * width)),
      logAspect: boxes.map(([yl, yh, xl, xh]) => Math.log((yh - yl) / (xh - xl))),
      top: boxes.map(([yl, yh]) => yl / (height - (yh - yl))),
    };
    for (const key of ["area", "logAspect", "top"] as const) {
      const [wanted, spread] = timm[key];
      // Both sides are means of 4,000 draws: five standard errors of the difference.
      const error = 5 * spread * Math.sqrt(2 / 4000);
      expect(Math.abs(mean(found[key]) - wanted), key).toBeLessThan(error);
      expect(Math.abs(deviation(found[key]) - spread), key).toBeLessThan(error);
    }
    // Sides are whole numbers, so the area may be off by half a row and half a column.
    const slack = 0.5 / height + 0.5 / width;
    expect(Math.min(...found.area)).toBeGreaterThan(minArea - slack);
    expect(Math.max(...found.area)).toBeLessThan(maxArea + slack);
  }
});

test("spreads areas evenly between the two", () => {
  const config = { prob: 1, minArea: 0.05, maxArea: 0.15, minAspect: 1 };
  const areas = Array.from({ length: 3000 }, (_, i) => drawBoxes(config, 1000, 1000, mixRng(2, 0, i))[0]!).map(
    ([yl, yh, xl, xh]) => ((yh - yl) * (xh - xl)) / 1e6,
  );
  for (const quarter of [0.25, 0.5, 0.75]) {
    const share = areas.filter((area) => area < 0.05 + 0.1 * quarter).length / areas.length;
    expect(Math.abs(share - quarter)).toBeLessThan(5 * Math.sqrt((quarter * (1 - quarter)) / areas.length));
  }
});

test("erases the share of images that prob says, with evenly many counts of boxes, smaller the more there are", () => {
  const config = { prob: 0.4, minCount: 1, maxCount: 3 };
  const drawn = Array.from({ length: 4000 }, (_, i) => drawBoxes(config, 64, 64, mixRng(3, 0, i)));
  const erased = drawn.filter((boxes) => boxes.length > 0);
  expect(Math.abs(erased.length / drawn.length - 0.4)).toBeLessThan(5 * Math.sqrt(0.24 / drawn.length));
  for (const count of [1, 2, 3]) {
    const share = erased.filter((boxes) => boxes.length === count).length / erased.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 9 / erased.length));
    const of = erased.filter((boxes) => boxes.length === count).flat();
    const largest = Math.max(...of.map(([yl, yh, xl, xh]) => (yh - yl) * (xh - xl)));
    expect(largest / 4096).toBeLessThan(1 / 3 / count + 1 / 32);
  }
});

test("depends on seed, epoch and sample, not on the batch", () => {
  const place = { seed: 1, epoch: 2, position: 3 };
  const batch = { size: 4, height: 32, width: 24, channels: 3, indices: Int32Array.of(5, 6, 7, 5) };
  const other = { ...batch, indices: Int32Array.of(0, 7, 1, 2) };
  const config: ErasingConfig = { prob: 1, mode: "rand", maxCount: 2 };
  const a = drawErasing(config, batch, place);
  expect(drawErasing(config, batch, place)).toEqual(a);
  const b = drawErasing(config, other, { ...place, position: 0 });
  expect(b.boxes.subarray(8, 16)).toEqual(a.boxes.subarray(16, 24));
  expect(b.colours!.subarray(6, 12)).toEqual(a.colours!.subarray(12, 18));
  expect(a.boxes.subarray(24)).not.toEqual(a.boxes.subarray(0, 8));
  expect(drawErasing(config, batch, { ...place, epoch: 3 }).boxes).not.toEqual(a.boxes);
});

test("erases a sample anew each time it comes in an epoch, in one batch or in two", () => {
  const batch = { size: 2, height: 32, width: 32, channels: 3, indices: Int32Array.of(5, 5) };
  const place = { seed: 1, epoch: 0, position: 0 };
  const first = drawErasing({ prob: 1 }, { ...batch, repeats: Uint32Array.of(0, 1) }, place).boxes;
  const second = drawErasing({ prob: 1 }, { ...batch, repeats: Uint32Array.of(2, 1) }, { ...place, position: 1 }).boxes;
  expect(first.subarray(0, 4)).not.toEqual(first.subarray(4));
  expect(second.subarray(0, 4)).not.toEqual(first.subarray(0, 4));
  expect(second.subarray(4)).toEqual(first.subarray(4));
});

test("leaves the first split of a batch alone", () => {
  const batch = { size: 6, height: 32, width: 32, channels: 3, indices: Int32Array.from({ length: 6 }, (_, i) => i) };
  const { boxes } = drawErasing({ prob: 1, splits: 2 }, batch, { seed: 1, epoch: 0, position: 0 });
  const area = Array.from({ length: 6 }, (_, i) => boxes[4 * i + 1]! - boxes[4 * i]!);
  expect(area.map((rows) => rows > 0)).toEqual([false, false, false, true, true, true]);
});

test("erases the images of a sample in other places, whichever batch it is in", () => {
  const place = { seed: 1, epoch: 0, position: 0 };
  const shape = { size: 6, height: 32, width: 32, channels: 3 };
  const boxesOf = (...indices: number[]) =>
    drawErasing({ prob: 1, splits: 3 }, { ...shape, indices: Int32Array.from(indices) }, place).boxes;
  const a = boxesOf(4, 9, 4, 9, 4, 9);
  const b = boxesOf(9, 2, 9, 2, 9, 2);
  expect(a.subarray(0, 8)).toEqual(new Float32Array(8));
  expect(a.subarray(12, 16)).not.toEqual(a.subarray(20, 24));
  expect([b.subarray(8, 12), b.subarray(16, 20)]).toEqual([a.subarray(12, 16), a.subarray(20, 24)]);
});

test("finds no box where none fits, on the smallest images too", () => {
  for (const [height, width] of [
    [1, 1],
    [1, 9],
    [2, 2],
  ] as const)
    for (let i = 0; i < 50; i++)
      for (const [yl, yh, xl, xh] of drawBoxes({ prob: 1 }, height, width, mixRng(4, 0, i))) {
        expect(yl >= 0 && yl <= yh && yh <= height).toBe(true);
        expect(xl >= 0 && xl <= xh && xh <= width).toBe(true);
      }
});

test("says which number is out of range", () => {
  expect(() => checkErasing({ prob: 1.5 })).toThrow("erasing: prob must lie in [0, 1], found 1.5");
  expect(() => checkErasing({ prob: 1, mode: "pixels" as "pixel" })).toThrow('found "pixels" (did you mean "pixel"?)');
  expect(() => checkErasing({ prob: 1, maxCount: 0 })).toThrow("1 <= minCount <= maxCount, found 1, 0");
  expect(() => checkErasing({ prob: 1, minArea: 0.5 })).toThrow("0 < minArea <= maxArea <= 1");
  expect(() => checkErasing({ prob: 1, maxAspect: 0.1 })).toThrow("0 < minAspect <= maxAspect, found 0.3, 0.1");
  expect(() => checkErasing({ prob: 1, splits: -1 })).toThrow("splits must be a whole number of at least 0, found -1");
});
