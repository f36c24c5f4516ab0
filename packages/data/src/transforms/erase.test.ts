import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { type Cutout, cutout, erasedBoxes, type RandomErasing, randomErasing } from "./erase.ts";

const grey = (width: number, height: number, channels = 3): RawImage => {
  return { data: new Uint8Array(width * height * channels).fill(1), width, height, channels };
};
const normal = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const erasing: RandomErasing = {
  op: "randomErasing",
  p: 1,
  mode: "const",
  area: [0.02, 1 / 3],
  aspect: [0.3, 1 / 0.3],
  count: [1, 1],
  ...normal,
};
const n = 4000;

describe("erasedBoxes", () => {
  test("areas are even, aspects even in their logarithm", () => {
    const limits = { area: [0.05, 0.2], aspect: [0.3, 1 / 0.3], count: [1, 1] } as const;
    const boxes = Array.from({ length: n }, (_, i) => erasedBoxes(1000, 1000, limits, Rng.of("erase", i))).flat();
    expect(boxes).toHaveLength(n);
    const areas = boxes.map(({ width, height }) => (width * height) / 1e6);
    const aspects = boxes.map(({ width, height }) => Math.log(height / width));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / n;
    expect(Math.abs(mean(areas) - 0.125)).toBeLessThan(0.003);
    expect(Math.abs(Math.sqrt(mean(areas.map((x) => (x - 0.125) ** 2))) - 0.15 / Math.sqrt(12))).toBeLessThan(0.002);
    expect(Math.abs(mean(aspects))).toBeLessThan(0.05);
    const range = 2 * Math.log(1 / 0.3);
    expect(Math.abs(Math.sqrt(mean(aspects.map((x) => x * x))) - range / Math.sqrt(12))).toBeLessThan(0.02);
    expect(
      boxes.every(
        ({ left, top, width, height }) => left >= 0 && top >= 0 && left + width <= 1000 && top + height <= 1000,
      ),
    ).toBe(true);
  });
  test("several share one area, and their number is drawn", () => {
    const limits = { area: [0.3, 0.3], aspect: [1, 1], count: [2, 4] } as const;
    const drawn = Array.from({ length: n }, (_, i) => erasedBoxes(1000, 1000, limits, Rng.of("count", i)));
    for (const count of [2, 3, 4]) {
      const those = drawn.filter(({ length }) => length === count);
      expect(Math.abs(those.length / n - 1 / 3)).toBeLessThan(0.035);
      const edge = Math.round(Math.sqrt(0.3e6 / count));
      expect(those.every((boxes) => boxes.every(({ width }) => width === edge))).toBe(true);
    }
  });
  test("none where none is smaller than the image", () => {
    expect(erasedBoxes(10, 10, { area: [1, 1], aspect: [1, 1], count: [1, 1] }, Rng.of(1))).toEqual([]);
    expect(erasedBoxes(1, 1, { area: [0.9, 0.9], aspect: [1, 1], count: [3, 3] }, Rng.of(1))).toEqual([]);
  });
});

describe("randomErasing", () => {
  test("erases as often as it is told to, and does not write to its input", () => {
    const image = grey(8, 8);
    const before = image.data.slice();
    let erased = 0;
    for (let i = 0; i < n; i++) {
      const result = randomErasing(image, { ...erasing, p: 0.25, area: [0.1, 0.3] }, () => Rng.of(i));
      erased += result === image ? 0 : 1;
    }
    expect(Math.abs(erased / n - 0.25)).toBeLessThan(0.03);
    expect(image.data).toEqual(before);
  });
  test("const is the mean, rand one colour a box, pixel one a pixel, normal around the mean", () => {
    const image = grey(60, 60);
    const op = { ...erasing, area: [0.3, 0.3], aspect: [1, 1] } as const;
    const pixels = (mode: RandomErasing["mode"], seed = 1) => {
      const { data } = randomErasing(image, { ...op, mode }, () => Rng.of(seed));
      return Array.from({ length: 3600 }, (_, i) => [...data.slice(3 * i, 3 * i + 3)]).filter(
        (rgb) => rgb.join() !== "1,1,1",
      );
    };
    expect(new Set(pixels("const").map(String))).toEqual(new Set(["124,116,104"]));
    expect(pixels("const")).toHaveLength(33 * 33);
    expect(new Set(pixels("rand").map(String)).size).toBe(1);
    expect(pixels("rand", 1)[0]).not.toEqual(pixels("rand", 2)[0]);
    const reds = pixels("pixel").map(([red]) => red!);
    expect(new Set(reds).size).toBeGreaterThan(100);
    const mean = reds.reduce((sum, red) => sum + red, 0) / reds.length;
    expect(Math.abs(mean - 123.7)).toBeLessThan(8);
    const spread = Math.sqrt(reds.reduce((sum, red) => sum + (red - mean) ** 2, 0) / reds.length);
    // 0.229 · 255, less what is cut at 0 and 255.
    expect(Math.abs(spread - 57)).toBeLessThan(5);
  });
  test.for([1, 4])("with %s channels", (channels) => {
    const { data } = randomErasing(grey(20, 20, channels), { ...erasing, mode: "pixel", area: [0.3, 0.3] }, () =>
      Rng.of(3),
    );
    expect(new Set(data).size).toBeGreaterThan(10);
    if (channels === 4) expect(data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 1)).toBe(true);
  });
});

test.for([
  [{ mode: "random" as "rand" }, 'mode must be const, rand or pixel, found "random"'],
  [{ area: [0.4, 0.2] }, "area 0.4 … 0.2"],
  [{ area: [0.5, 2] }, "area 0.5 … 2"],
  [{ aspect: [0, 1] }, "aspect 0 … 1"],
  [{ count: [3, 1] }, "count 3 … 1"],
  [{ count: [1, 1.5] }, "count 1 … 1.5"],
] as const)("refuses %o", ([options, message]) => {
  expect(() => randomErasing(grey(8, 8), { ...erasing, ...options }, () => Rng.of(1))).toThrow(message);
});

describe("cutout", () => {
  const op: Cutout = { op: "cutout", p: 1, length: 5, count: 1, fill: [9] };
  const holes = ({ data }: RawImage) => data.filter((value) => value === 9).length;
  test("cuts squares, smaller at the edges", () => {
    const sizes = new Set<number>();
    for (let i = 0; i < 500; i++) sizes.add(holes(cutout(grey(9, 9, 1), op, () => Rng.of(i))));
    expect(Math.max(...sizes)).toBe(25);
    expect(Math.min(...sizes)).toBe(9);
  });
  test("as many as it is told to, with its chance", () => {
    expect(holes(cutout(grey(200, 200, 1), { ...op, count: 3 }, () => Rng.of(1)))).toBe(75);
    const image = grey(9, 9);
    const cut = Array.from({ length: n }, (_, i) => cutout(image, { ...op, p: 0.4 }, () => Rng.of(i)) !== image);
    expect(Math.abs(cut.filter(Boolean).length / n - 0.4)).toBeLessThan(0.032);
  });
  test("covers a single pixel", () => expect(holes(cutout(grey(1, 1, 1), op, () => Rng.of(1)))).toBe(1));
});
