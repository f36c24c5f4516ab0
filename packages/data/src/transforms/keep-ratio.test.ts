// Numbers: timm's ResizeKeepRatio and crop_or_pad, made by scripts/fixtures/policies.py.

import { Rng } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import fixture from "../__fixtures__/policies.json" with { type: "json" };
import type { RawImage } from "../raw-image.ts";
import { keepRatioCrop, mirrored, randomlyScaled, scaledSize } from "./keep-ratio.ts";
import { resample } from "./resample.ts";
import type { Size } from "./transform.ts";

const image = (base64: string, width: number, height: number): RawImage => {
  return { data: new Uint8Array(Buffer.from(base64, "base64")), width, height, channels: 3 };
};
const picture = image(fixture.RGB, fixture.width, fixture.height);

describe("equals timm", () => {
  test.for(fixture.keepRatio.sizes)("$source to $size, area $share, aspect $aspect", (row) => {
    const [width, height] = row.source as [number, number];
    const scaled = scaledSize({ width, height }, row.size as unknown as Size, row.share, row.aspect);
    expect(scaled).toEqual({ width: row.width, height: row.height });
  });
  test.for(fixture.keepRatio.crops)("$width x $height at $left, $top", ({ pixels, ...box }) => {
    expect(mirrored(picture, box)).toEqual(image(pixels, box.width, box.height));
  });
});

test("draws areas and aspects with chance 1/2 each", () => {
  const n = 4000;
  const limits = { size: [1000, 1000], scale: [0.64, 1], ratio: [0.5, 2] } as const;
  const sizes = Array.from({ length: n }, (_, i) =>
    randomlyScaled({ width: 1000, height: 1000 }, limits, Rng.of("rk", i)),
  );
  const share = (holds: (size: { width: number; height: number }) => boolean) => sizes.filter(holds).length / n;
  expect(Math.abs(share(({ width, height }) => width === 1000 && height === 1000) - 0.25)).toBeLessThan(0.03);
  expect(Math.abs(share(({ width, height }) => width !== height) - 0.5)).toBeLessThan(0.035);
  const square = sizes.filter(({ width, height }) => width === height && width !== 1000);
  // 1/√share with shares even in 0.64 … 1: their mean area is the mean of 1/share.
  const area = square.reduce((sum, { width }) => sum + (width / 1000) ** 2, 0) / square.length;
  expect(Math.abs(area - Math.log(1 / 0.64) / 0.36)).toBeLessThan(0.02);
  const bent = sizes
    .filter(({ width, height }) => width !== height)
    .map(({ width, height }) => Math.log(width / height));
  expect(Math.abs(bent.reduce((sum, x) => sum + x, 0) / bent.length)).toBeLessThan(0.04);
  const spread = Math.sqrt(bent.reduce((sum, x) => sum + x * x, 0) / bent.length);
  expect(Math.abs(spread - (2 * Math.LN2) / Math.sqrt(12))).toBeLessThan(0.02);
});

describe("keepRatioCrop", () => {
  const still = { op: "keepRatioCrop", scale: [1, 1], ratio: [1, 1], interpolation: "bicubic" } as const;
  test("cuts the middle of what it resized", () => {
    const result = keepRatioCrop(picture, { ...still, size: [6, 6], crop: "center" }, Rng.of(1));
    expect(result).toEqual(resample(picture, 8, 6, "bicubic", { window: { left: 1, top: 0, width: 6, height: 6 } }));
  });
  test("cuts anywhere, each place as likely", () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 900; i++) {
      const { data } = keepRatioCrop(picture, { ...still, size: [9, 10], crop: "random" }, Rng.of("any", i));
      counts.set(data.join(), (counts.get(data.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(3);
    for (const count of counts.values()) expect(Math.abs(count - 300)).toBeLessThan(60);
  });
  test("mirrors what is missing, also far beyond the image", () => {
    const result = keepRatioCrop(
      picture,
      { ...still, scale: [36, 36], size: [9, 12], crop: "center" },
      Rng.of("far", 2),
    );
    expect(result.data).toHaveLength(picture.data.length);
  });
  test("does not make a narrow image huge", () => {
    const line: RawImage = { data: new Uint8Array(60_000), width: 20_000, height: 1, channels: 3 };
    for (const crop of ["center", "random"] as const)
      expect(keepRatioCrop(line, { ...still, size: [224, 224], crop }, Rng.of(1)).data).toHaveLength(224 * 224 * 3);
  });
});
