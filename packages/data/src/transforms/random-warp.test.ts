// Numbers: torchvision and Pillow, made by scripts/fixtures/policies.py.

import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import fixture from "../__fixtures__/policies.json" with { type: "json" };
import type { RawImage } from "../raw-image.ts";
import { affineMatrix, type Corners, perspectiveCoefficients } from "./matrices.ts";
import { drawAffine, drawCorners, randomAffine, randomPerspective, randomRotation } from "./random-warp.ts";
import { rotate } from "./rotate.ts";
import { affine, perspective, type WarpInterpolation } from "./warp.ts";

const { width, height, fill } = fixture;
const image = (base64: string): RawImage => {
  return { data: new Uint8Array(Buffer.from(base64, "base64")), width, height, channels: 3 };
};
const picture = image(fixture.RGB);
const n = 4000;

type Pair = readonly [number, number];
function matrixOf({ angle, translate, scale, shear }: (typeof fixture.warps.affine)[number]) {
  return affineMatrix(width, height, {
    angle,
    translate: translate as unknown as Pair,
    scale,
    shear: shear as unknown as Pair,
  });
}

describe("equals torchvision", () => {
  test.for(fixture.warps.affine)("affine by $angle degrees, $translate, $scale, $shear, $interpolation", (row) => {
    const matrix = matrixOf(row);
    matrix.forEach((value, i) => {
      expect(value).toBeCloseTo(row.matrix[i]!, 12);
    });
    const interpolation = row.interpolation as WarpInterpolation;
    expect(affine(picture, matrix, { interpolation, fill })).toEqual(image(row.pixels));
  });
  test.for(fixture.warps.perspective)("perspective to $to, $interpolation", (row) => {
    const coefficients = perspectiveCoefficients(row.from as unknown as Corners, row.to as unknown as Corners);
    coefficients.forEach((value, i) => {
      expect(value).toBeCloseTo(row.coefficients[i]!, 6);
    });
    const interpolation = row.interpolation as WarpInterpolation;
    expect(perspective(picture, coefficients, { interpolation, fill })).toEqual(image(row.pixels));
  });
});

describe("draws", () => {
  test("angles, shifts, scales and shears evenly from their ranges", () => {
    const op = { degrees: [-10, 30], translate: [0.1, 0.25], scale: [0.5, 1.5], shear: [-5, 5, 0, 20] } as const;
    const drawn = Array.from({ length: n }, (_, i) => drawAffine(op, { width: 200, height: 100 }, Rng.of("affine", i)));
    const within = (values: readonly number[], low: number, high: number) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
      const range = high - low;
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      expect(Math.abs(mean - (low + high) / 2)).toBeLessThan(range * 0.02);
      expect(Math.abs(spread - range / Math.sqrt(12))).toBeLessThan(range * 0.01);
    };
    within(
      drawn.map(({ angle }) => angle),
      -10,
      30,
    );
    within(
      drawn.map(({ translate }) => translate[0]),
      -20,
      20,
    );
    within(
      drawn.map(({ translate }) => translate[1]),
      -25,
      25,
    );
    within(
      drawn.map(({ scale }) => scale),
      0.5,
      1.5,
    );
    within(
      drawn.map(({ shear }) => shear[0]),
      -5,
      5,
    );
    within(
      drawn.map(({ shear }) => shear[1]),
      0,
      20,
    );
    expect(drawn.every(({ translate }) => translate.every(Number.isInteger))).toBe(true);
  });
  test("nothing where there are no ranges", () => {
    expect(drawAffine({ degrees: [0, 0] }, picture, Rng.of(1))).toEqual({
      angle: 0,
      translate: [0, 0],
      scale: 1,
      shear: [0, 0],
    });
  });
  test("corners that move inwards by whole pixels, each as likely", () => {
    const drawn = Array.from({ length: n }, (_, i) => drawCorners(41, 20, 0.5, Rng.of("corners", i)));
    const values = (corner: number, axis: 0 | 1) => new Set(drawn.map((corners) => corners[corner]![axis]));
    const span = (from: number, to: number) => new Set(Array.from({ length: to - from + 1 }, (_, i) => from + i));
    expect(values(0, 0)).toEqual(span(0, 10));
    expect(values(0, 1)).toEqual(span(0, 5));
    expect(values(1, 0)).toEqual(span(30, 40));
    expect(values(2, 1)).toEqual(span(14, 19));
    expect(values(3, 0)).toEqual(span(0, 10));
    const inner = drawn.filter((corners) => corners[0]![0] === 10).length / n;
    expect(Math.abs(inner - 1 / 11)).toBeLessThan(0.02);
  });
});

describe("random operations do what they draw", () => {
  const look = { interpolation: "bilinear", fill: [7] } as const;
  test("rotation", () => {
    const op = { op: "rotation", degrees: [33, 33], ...look } as const;
    expect(randomRotation(picture, op, Rng.of(1))).toEqual(rotate(picture, 33, look));
    const grown = randomRotation(picture, { ...op, degrees: [90, 90], expand: true }, Rng.of(1));
    expect([grown.width, grown.height]).toEqual([height, width]);
    const moved = randomRotation(picture, { ...op, center: [0, 0] }, Rng.of(1));
    expect(moved).toEqual(rotate(picture, 33, { ...look, center: [0, 0] }));
  });
  test("affine", () => {
    const op = { op: "affine", degrees: [0, 0], scale: [1, 1], ...look } as const;
    expect(randomAffine(picture, op, Rng.of(1)).data).toEqual(picture.data);
    const row = fixture.warps.affine[0]!;
    const [degrees, scale, shear] = [[20, 20] as const, [1.2, 1.2] as const, [5, 5] as const];
    const turned = randomAffine(picture, { ...op, degrees, scale, shear, fill }, Rng.of(1));
    const matrix = matrixOf({ ...row, translate: [0, 0] });
    expect(turned).toEqual(affine(picture, matrix, { interpolation: "bilinear", fill }));
  });
  test("perspective", () => {
    const op = { op: "perspective", distortion: 0.6, p: 1, ...look } as const;
    expect(randomPerspective(picture, { ...op, p: 0 }, () => Rng.of(1))).toBe(picture);
    expect(randomPerspective(picture, op, () => Rng.of(1)).data).not.toEqual(picture.data);
    const still = randomPerspective(picture, { ...op, distortion: 0 }, () => Rng.of(1));
    expect(still.data).toEqual(picture.data);
    const line: RawImage = { data: Uint8Array.of(1, 2, 3), width: 3, height: 1, channels: 1 };
    expect(randomPerspective(line, op, () => Rng.of(1))).toBe(line);
  });
});
