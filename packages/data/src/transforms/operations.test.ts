// Every operation of a transform, whatever its row: sizes, channels, chances and streams.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { augmentPolicy } from "../policies/policy.ts";
import type { RawImage } from "../raw-image.ts";
import { trainTransform } from "../train-preset.ts";
import { applyOps, applyTransform, type TransformOp } from "./transform.ts";

const warp = { interpolation: "bicubic", fill: [9] } as const;
const range = { scale: [0.3, 1], ratio: [3 / 4, 4 / 3] } as const;
const normal = { mean: [0.5], std: [0.2] };

/** One of each that keeps the size. */
const keeping: readonly TransformOp[] = [
  { op: "hflip", p: 0.5 },
  { op: "vflip", p: 0.5 },
  { op: "rotation", degrees: [-30, 30], ...warp },
  { op: "affine", degrees: [-30, 30], translate: [0.2, 0.2], scale: [0.7, 1.3], shear: [-8, 8, -8, 8], ...warp },
  { op: "perspective", distortion: 0.5, p: 0.5, ...warp },
  { op: "colorJitter", brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.5 },
  { op: "grayscale", p: 0.5 },
  { op: "gaussianBlur", kernelSize: 23, sigma: [0.1, 2], p: 0.5 },
  { op: "posterize", bits: 3, p: 0.5 },
  { op: "solarize", threshold: 100, p: 0.5 },
  { op: "sharpness", factor: 2, p: 0.5 },
  { op: "autocontrast", p: 0.5 },
  { op: "equalize", p: 0.5 },
  { op: "invert", p: 0.5 },
  { op: "cutout", length: 4, count: 2, fill: [0], p: 0.5 },
  { op: "randomErasing", mode: "pixel", area: [0.02, 0.33], aspect: [0.3, 3.3], count: [1, 3], p: 0.5, ...normal },
  ...["rand-m9-mstd0.5-inc1", "rand-m15-mmax20-n3-p1", "rand-tweights", "rand-t3aw-n4", "rand-t3a"].map((text) =>
    augmentPolicy(text),
  ),
  ...["original-mstd0.5", "originalr", "v0", "v0r", "3a"].map((text) => augmentPolicy(text)),
  ...["augmix-m5-w4-d2", "augmix-b1", "ta_wide"].map((text) => augmentPolicy(text, { fill: [1, 2, 3] })),
];
const sizing: readonly TransformOp[] = [
  { op: "randomResizedCrop", size: [7, 9], interpolation: "random", ...range },
  { op: "keepRatioCrop", size: [7, 9], crop: "center", interpolation: "random", ...range },
  { op: "keepRatioCrop", size: [7, 9], crop: "random", interpolation: "nearest", ...range },
];

function noise(width: number, height: number, channels: number): RawImage {
  const data = new Uint8Array(width * height * channels);
  let state = width * 7919 + height;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { data, width, height, channels };
}
const key = { seed: 1, epoch: 2, sample: 3 };
const name = (op: TransformOp) => JSON.stringify(op).slice(0, 60);

test.for(keeping.map((op) => [name(op), op] as const))("%s: keeps size and channels of any image", ([, op]) => {
  const edges = fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 40 }), fc.constant(200));
  fc.assert(
    fc.property(edges, edges, fc.constantFrom(1, 3, 4), fc.nat(1000), (width, height, channels, sample) => {
      if (width * height > 8000) return;
      const image = noise(width, height, channels);
      const before = image.data.slice();
      const out = applyOps(image, { channels, ops: [op] }, { ...key, sample });
      expect([out.width, out.height, out.channels, out.data.length]).toEqual([width, height, channels, before.length]);
      expect(Buffer.compare(image.data, before)).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test.for([...keeping, ...sizing].map((op) => [name(op), op] as const))("%s: the same key, the same bytes", ([, op]) => {
  const image = noise(24, 18, 3);
  const run = (ops: readonly TransformOp[], sample: number) =>
    applyOps(image, { channels: 3, ops }, { ...key, sample });
  const results = new Set<string>();
  for (let sample = 0; sample < 24; sample++) {
    const once = run([op], sample);
    expect(run([JSON.parse(JSON.stringify(op)) as TransformOp], sample)).toEqual(once);
    // What comes before does not move its draws.
    const first: TransformOp[] = [
      { op: "pad", padding: 0, padMode: "edge", fill: [0] },
      augmentPolicy("rand-p0-n5-m1"),
    ];
    if (op.op !== "randAugment") expect(run([...first, op], sample)).toEqual(once);
    results.add(Buffer.from(once.data).toString("base64"));
  }
  expect(results.size).toBeGreaterThan(1);
});

describe("chances", () => {
  const tones: readonly (TransformOp & { p: number })[] = [
    { op: "hflip", p: 0.3 },
    { op: "vflip", p: 0.3 },
    { op: "perspective", distortion: 0.9, p: 0.3, interpolation: "bilinear", fill: [0] },
    { op: "colorJitter", brightness: 0.9, contrast: 0, saturation: 0, hue: 0, p: 0.3 },
    { op: "grayscale", p: 0.3 },
    { op: "gaussianBlur", kernelSize: 5, sigma: [1, 2], p: 0.3 },
    { op: "posterize", bits: 1, p: 0.3 },
    { op: "solarize", threshold: 1, p: 0.3 },
    { op: "sharpness", factor: 0, p: 0.3 },
    { op: "autocontrast", p: 0.3 },
    { op: "equalize", p: 0.3 },
    { op: "invert", p: 0.3 },
    { op: "cutout", length: 6, count: 1, fill: [255], p: 0.3 },
    { op: "randomErasing", mode: "rand", area: [0.2, 0.3], aspect: [1, 1], count: [1, 1], p: 0.3, ...normal },
  ];
  const image = noise(20, 20, 3);
  image.data.forEach((value, i) => {
    image.data[i] = 40 + (value >> 1);
  });
  test.for(tones.map((op) => [op.op, op] as const))("%s runs as often as it is told to", ([, op]) => {
    const n = 2500;
    let changed = 0;
    for (let sample = 0; sample < n; sample++) {
      const out = applyOps(image, { channels: 3, ops: [op] }, { ...key, sample });
      changed += Buffer.compare(out.data, image.data) === 0 ? 0 : 1;
    }
    // Four standard errors, and the few draws that change nothing.
    expect(Math.abs(changed / n - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / n) + 0.005);
    expect(applyOps(image, { channels: 3, ops: [{ ...op, p: 0 } as TransformOp] }, key)).toEqual(image);
  });

  test("what is certain and has no other draws needs no key", () => {
    const ops: TransformOp[] = [
      { op: "grayscale", p: 1 },
      { op: "equalize", p: 1 },
      { op: "invert", p: 1 },
    ];
    expect(applyOps(image, { channels: 3, ops }).data).toHaveLength(1200);
    expect(() => applyOps(image, { channels: 3, ops: [{ op: "invert", p: 0.5 }] })).toThrow('"invert" is random');
  });
});

test("names an operation that is none", () => {
  const ops = [
    { op: "horizontalFlip", p: 1 },
    { op: "hfilp", p: 1 },
  ] as unknown as TransformOp[];
  expect(() => applyOps(noise(2, 2, 3), { channels: 3, ops })).toThrow(
    'unknown operation "horizontalFlip"; operations are',
  );
  expect(() => applyOps(noise(2, 2, 3), { channels: 3, ops: ops.slice(1) })).toThrow('(did you mean "hflip"?)');
});

test("a large image is cut before it is changed", () => {
  for (const [channels, trainCropMode] of [
    [1, "rrc"],
    [3, "rkrr"],
    [3, "rrc"],
  ] as const) {
    const transform = trainTransform({ size: 48, channels, trainCropMode, autoAugment: "rand-m9-mstd0.5-inc1-p1" });
    const image = { data: new Uint8Array(5000 * 3000 * channels).fill(90), width: 5000, height: 3000, channels };
    expect(applyTransform(image, transform, key).data).toHaveLength(48 * 48 * channels);
  }
});

test("colour jitter draws its factors evenly", () => {
  const pixel: RawImage = { data: Uint8Array.of(100), width: 1, height: 1, channels: 1 };
  const op: TransformOp = { op: "colorJitter", brightness: 0.4, contrast: 0, saturation: 0, hue: 0, p: 1 };
  const values = Array.from({ length: 4000 }, (_, sample) => {
    return applyOps(pixel, { channels: 1, ops: [op] }, { ...key, sample }).data[0]! + 0.5;
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  expect(Math.abs(mean - 100)).toBeLessThan(1.5);
  expect(Math.abs(spread - 80 / Math.sqrt(12))).toBeLessThan(0.6);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(60);
  expect(Math.max(...values)).toBeLessThanOrEqual(140);
});

test("trainTransform with every policy and crop gives its size, whatever the image", () => {
  const policies = ["rand-m9-mstd0.5-inc1", "augmix-m5-w4-d2", "v0", "3a", "ta_wide"];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(1, 3),
      fc.constantFrom("rrc", "rkrc", "rkrr", "pad", "none"),
      fc.constantFrom(...policies),
      fc.nat(100),
      (width, height, channels, trainCropMode, autoAugment, sample) => {
        const transform = trainTransform({
          size: [26, 24],
          channels,
          trainCropMode,
          autoAugment,
          grayscaleProb: 0.5,
          gaussianBlurProb: 0.5,
        });
        const out = applyTransform(noise(width, height, channels), transform, { ...key, sample });
        expect([out.height, out.width, out.channels]).toEqual([26, 24, channels]);
      },
    ),
    { numRuns: 60 },
  );
});
