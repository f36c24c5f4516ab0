// What policies draw, against the formulas: chances, levels, signs, choices and mixtures. Seeds are fixed; bounds are
// about four standard errors wide.

import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { gaussianBlur } from "../transforms/blur.ts";
import { augMix, dirichlet } from "./aug-mix.ts";
import { augment, type Noise } from "./augment.ts";
import { autoAugment } from "./auto-augment.ts";
import { augmentPolicy } from "./policy.ts";
import { chooseTransforms, type RandAugment, randAugment } from "./rand-augment.ts";
import { drawTrivial, trivialNames, trivialStrength } from "./trivial-augment.ts";

const n = 6000;
const look = { fill: [0], interpolation: "bilinear", reach: { translateConst: 10, translatePct: 0.45 } } as const;
const pixel = (value: number): RawImage => ({ data: Uint8Array.of(value), width: 1, height: 1, channels: 1 });

function draws<T>(draw: (rng: Rng) => T): T[] {
  return Array.from({ length: n }, (_, i) => draw(Rng.of("draws", i)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

/** The share of draws for which something holds lies within four standard errors of `p`. */
function expectShare(values: readonly boolean[], p: number): void {
  const share = mean(values.map(Number));
  expect(Math.abs(share - p), `${share} for ${p}`).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / values.length) + 1e-9);
}

describe("the level of a step", () => {
  /** Read off the brightness: factor 0.1 + 0.18 level, of a value of 50, in steps of 0.11 levels. */
  function drawnLevels(level: number, noise: Noise, maxLevel = 10): number[] {
    return draws((rng) => {
      const value = augment(pixel(50), ["Brightness", 1, level], noise, maxLevel, look, rng).data[0]!;
      return ((value + 0.5) / 50 - 0.1) / 0.18;
    });
  }

  test("is the one given where there is no deviation", () => {
    const levels = drawnLevels(6, 0);
    expect(new Set(levels).size).toBe(1);
    expect(mean(levels)).toBeCloseTo(6, 0);
  });
  test("is normal around the one given", () => {
    const levels = drawnLevels(5, 0.5);
    expect(Math.abs(mean(levels) - 5)).toBeLessThan(0.06);
    expect(Math.abs(deviation(levels) - 0.5)).toBeLessThan(0.03);
    // A value of 55 or more: a level of 5.556, 1.111 deviations above.
    expectShare(
      levels.map((level) => level > 5.55),
      0.1333,
    );
  });
  test("is cut at 0 and at the largest", () => {
    // Above 9 + 0.5 · 2 in P(z > 0.5) of the draws.
    const levels = drawnLevels(9, 2);
    expect(Math.max(...levels)).toBeLessThan(10.1);
    expectShare(
      levels.map((level) => level > 9.97),
      0.3085,
    );
    expectShare(
      drawnLevels(0, 1).map((level) => level < 0.1),
      0.54,
    );
    expect(Math.abs(mean(drawnLevels(15, 0, 20)) - 15)).toBeLessThan(0.1);
    expect(Math.abs(mean(drawnLevels(15, 0)) - 10)).toBeLessThan(0.1);
  });
  test("is even from 0 to the one given", () => {
    const levels = drawnLevels(8, "uniform");
    expect(Math.abs(mean(levels) - 4)).toBeLessThan(0.15);
    expect(Math.abs(deviation(levels) - 8 / Math.sqrt(12))).toBeLessThan(0.08);
  });
});

test("a step runs as often as its chance, and signs are as likely", () => {
  for (const prob of [0, 0.3, 1]) {
    const inverted = draws((rng) => augment(pixel(0), ["Invert", prob, 5], 0, 10, look, rng).data[0] === 255);
    expectShare(inverted, prob);
  }
  const brighter = draws((rng) => augment(pixel(100), ["BrightnessIncreasing", 1, 5], 0, 10, look, rng).data[0]! > 100);
  expectShare(brighter, 0.5);
});

test("random interpolation takes bilinear and bicubic alike", () => {
  const edge: RawImage = { data: Uint8Array.of(0, 0, 0, 200, 200, 200), width: 6, height: 1, channels: 1 };
  const seen = draws((rng) =>
    augment(edge, ["TranslateX", 1, 0.5], 0, 10, { ...look, interpolation: "random" }, rng).data.join(),
  );
  const kinds = [...new Set(seen)];
  // Two directions, two filters.
  expect(kinds).toHaveLength(4);
  for (const kind of kinds)
    expectShare(
      seen.map((result) => result === kind),
      0.25,
    );
});

describe("RandAugment", () => {
  test("does as many as n, each with chance p", () => {
    const op: RandAugment = { ...(augmentPolicy("rand-n3-p0.3") as RandAugment), transforms: ["Invert"] };
    const inverted = draws((rng) => randAugment(pixel(0), op, rng).data[0] === 255);
    expectShare(inverted, (1 - (1 - 2 * 0.3) ** 3) / 2);
  });
  test("takes each operation as often as the others, again and again", () => {
    const { transforms } = augmentPolicy("rand") as RandAugment;
    const chosen = draws((rng) => chooseTransforms({ transforms, layers: 2 }, rng));
    for (const name of transforms)
      expectShare(
        chosen.flat().map((each) => each === name),
        1 / transforms.length,
      );
    expectShare(
      chosen.map(([a, b]) => a === b),
      1 / transforms.length,
    );
  });
  test("takes by weight, none twice", () => {
    const set = { transforms: ["Invert", "Equalize", "Color"], weights: [1, 2, 5], layers: 2 } as const;
    const chosen = draws((rng) => chooseTransforms(set, rng));
    expect(chosen.every(([a, b]) => a !== b)).toBe(true);
    expectShare(
      chosen.map(([a]) => a === "Color"),
      5 / 8,
    );
    expectShare(
      chosen.map(([a, b]) => a === "Color" && b === "Equalize"),
      (5 / 8) * (2 / 3),
    );
    expect(new Set(chooseTransforms({ ...set, layers: 3 }, Rng.of(1))).size).toBe(3);
    expect(() => chooseTransforms({ ...set, layers: 4 }, Rng.of(1))).toThrow("each operation once at most");
    const never = draws((rng) => chooseTransforms({ ...set, weights: [0, 1, 1] }, rng));
    expect(never.flat()).not.toContain("Invert");
  });
  test("each layer draws from a stream of its own", () => {
    const data = Uint8Array.from({ length: 64 }, (_, i) => i * 4);
    const picture: RawImage = { data, width: 8, height: 8, channels: 1 };
    const op = augmentPolicy("rand-m8-n2-p1-mstd1") as RandAugment;
    for (let i = 0; i < 20; i++) {
      const [first, second] = chooseTransforms(op, Rng.of(i));
      const layer = (number: number) => Rng.of(i).fold("layer", number);
      const before = augment(picture, [first!, 1, 8], 1, 10, op, layer(0));
      expect(randAugment(picture, op, Rng.of(i))).toEqual(augment(before, [second!, 1, 8], 1, 10, op, layer(1)));
    }
  });
});

test("AutoAugment takes each row alike, and each step with its own chance", () => {
  const policy = [[["Invert", 0.3, 0]], [["Posterize", 1, 0]]] as const;
  const results = draws(
    (rng) => autoAugment(pixel(200), { op: "autoAugment", policy, noise: 0, ...look }, rng).data[0],
  );
  expectShare(
    results.map((value) => value === 0),
    0.5,
  );
  expectShare(
    results.map((value) => value === 55),
    0.15,
  );
});

test("3-Augment draws its radius evenly from 0.1 to 2", () => {
  const spot: RawImage = { data: new Uint8Array(121), width: 11, height: 11, channels: 1 };
  spot.data[60] = 255;
  const peaks = draws((rng) => augment(spot, ["GaussianBlurRand", 1, 10], 0, 10, look, rng).data[60]!).slice(0, 1500);
  for (const radius of [0.5, 0.8, 1.2]) {
    const peak = gaussianBlur(spot, radius).data[60]!;
    expectShare(
      peaks.map((value) => value > peak),
      (radius - 0.1) / 1.9,
    );
  }
});

describe("AugMix", () => {
  const op = { op: "augMix", transforms: ["Invert"], level: 3, width: 1, depth: 1, alpha: 1, blended: false } as const;
  test.for([
    [1, false],
    [0.3, false],
    [1, true],
  ] as const)("blends by a Beta distribution, alpha %s, blended: %s", ([alpha, blended]) => {
    const results = draws((rng) => augMix(pixel(0), { ...op, alpha, blended, noise: 0, ...look }, rng).data[0]! / 255);
    expect(Math.abs(mean(results) - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(deviation(results) - Math.sqrt(1 / (4 * (2 * alpha + 1))))).toBeLessThan(0.012);
  });
  test("draws 1, 2 or 3 operations where the depth is 0", () => {
    // An odd number of inversions, and a share above 1/255.
    const changed = draws((rng) => augMix(pixel(0), { ...op, depth: 0, noise: 0, ...look }, rng).data[0]! > 0);
    expect(Math.abs(mean(changed.map(Number)) - (2 / 3) * (254 / 255))).toBeLessThan(0.025);
  });
  test("weighs its chains by a Dirichlet distribution", () => {
    for (const [alpha, count] of [
      [1, 3],
      [0.4, 4],
    ] as const) {
      const weights = draws((rng) => dirichlet(rng, alpha, count));
      expect(weights.every((each) => Math.abs(each.reduce((sum, w) => sum + w, 0) - 1) < 1e-6)).toBe(true);
      const variance = (count - 1) / (count ** 2 * (count * alpha + 1));
      for (let i = 0; i < count; i++) {
        const part = weights.map((each) => each[i]!);
        expect(Math.abs(mean(part) - 1 / count)).toBeLessThan(0.02);
        expect(Math.abs(deviation(part) - Math.sqrt(variance))).toBeLessThan(0.015);
      }
    }
  });
});

test("TrivialAugment takes each operation, strength and sign alike", () => {
  const drawn = draws((rng) => drawTrivial(31, rng));
  for (const name of trivialNames)
    expectShare(
      drawn.map((each) => each.name === name),
      1 / 14,
    );
  const rotated = drawn.filter(({ name }) => name === "Rotate").map(({ strength }) => strength);
  expect(Math.abs(mean(rotated))).toBeLessThan(20);
  expect(Math.abs(mean(rotated.map(Math.abs)) - 67.5)).toBeLessThan(9);
  expect(new Set(rotated.map(Math.abs)).size).toBe(31);
  expect(drawn.every(({ name, strength }) => name !== "Solarize" || strength >= 0)).toBe(true);
  expect(new Set(drawn.filter(({ name }) => name === "Posterize").map(({ strength }) => strength))).toEqual(
    new Set([8, 7, 6, 5, 4, 3, 2]),
  );
  expect(trivialStrength("Identity", 30)).toBe(0);
});
