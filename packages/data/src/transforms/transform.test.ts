import { Rng } from "@vitrine/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evalTransform, resolvePreprocess, trainTransform } from "../presets.ts";
import type { RawImage } from "../raw-image.ts";
import { colorJitter } from "./color.ts";
import { normalize } from "./normalize.ts";
import { randomResizedBox } from "./random-crop.ts";
import { applyTransform, type Transform } from "./transform.ts";

function noise(width: number, height: number, channels = 3): RawImage {
  const rng = Rng.of("noise", width, height);
  return { data: Uint8Array.from({ length: width * height * channels }, () => rng.int(256)), width, height, channels };
}

const key = { seed: 1, epoch: 2, sample: 3 };

describe("applyTransform", () => {
  test("gives the size and channels asked for, from images of any shape", () => {
    const edges = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(1, 2, 400));
    const target = fc.integer({ min: 1, max: 48 });
    fc.assert(
      fc.property(
        edges,
        edges,
        target,
        target,
        fc.constantFrom(1, 3, 4),
        fc.constantFrom(1, 3),
        (w, h, th, tw, from, to) => {
          const image = noise(w, h, from);
          const transforms = [
            ...(["center", "squash", "border"] as const).map((cropMode) =>
              evalTransform({ size: [th, tw], channels: to, cropMode, interpolation: "bicubic" }),
            ),
            trainTransform({ size: [th, tw], channels: to, vflip: 0.5, colorJitter: [0.4, 0.4, 0.4, 0.1] }),
            trainTransform({ size: [th, tw], channels: to, crop: "pad", padding: 2, padMode: "edge" }),
            trainTransform({ size: [th, tw], channels: to, crop: "none" }),
          ];
          for (const transform of transforms) {
            const out = applyTransform(image, transform, key);
            expect([out.height, out.width, out.channels, out.data.length]).toEqual([th, tw, to, th * tw * to]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("gives the same bytes for the same key, also after a journey through JSON, and other bytes for other keys", () => {
    const image = noise(40, 30);
    const transform = trainTransform({ size: 16, colorJitter: [0.4, 0.4, 0.4, 0.2] });
    const first = applyTransform(image, transform, key);
    expect(applyTransform(image, JSON.parse(JSON.stringify(transform)) as Transform, key)).toEqual(first);
    for (const other of [
      { ...key, seed: 9 },
      { ...key, epoch: 9 },
      { ...key, sample: 9 },
    ]) {
      expect(applyTransform(image, transform, other).data).not.toEqual(first.data);
    }
  });

  test("does not move a crop when another operation is added", () => {
    const image = noise(40, 40);
    const plain = trainTransform({ size: 16, hflip: 0, colorJitter: 0, interpolation: "bilinear" });
    const more: Transform = { ...plain, ops: [{ op: "vflip", p: 0 }, ...plain.ops] };
    expect(applyTransform(image, more, key)).toEqual(applyTransform(image, plain, key));
  });

  test("does not write to its input", () => {
    const image = noise(32, 32);
    const before = image.data.slice();
    applyTransform(
      image,
      trainTransform({ size: 32, crop: "pad", vflip: 1, hflip: 1, colorJitter: [1, 1, 1, 0.5] }),
      key,
    );
    expect(image.data).toEqual(before);
  });

  test("needs a key for random operations only", () => {
    const image = noise(8, 8);
    expect(() => applyTransform(image, trainTransform({ size: 4 }))).toThrow(
      '"randomResizedCrop" is random and needs a key',
    );
    expect(applyTransform(image, evalTransform({ size: 4 })).width).toBe(4);
  });

  test("does not make a narrow image huge to cut its middle", () => {
    const line = noise(1, 20_000);
    expect(applyTransform(line, evalTransform({ size: 224 })).data).toHaveLength(224 * 224 * 3);
    expect(() => applyTransform(line, trainTransform({ size: 224, crop: "pad" }), key)).toThrow(
      /becomes 224 x 4480000/,
    );
  });

  test("flips as often as it is told to", () => {
    const image: RawImage = { data: Uint8Array.from([0, 255]), width: 2, height: 1, channels: 1 };
    const transform: Transform = { size: [1, 2], channels: 1, ops: [{ op: "hflip", p: 0.3 }] };
    let flips = 0;
    for (let sample = 0; sample < 4000; sample++) {
      flips += applyTransform(image, transform, { ...key, sample }).data[0]! > 0 ? 1 : 0;
    }
    expect(flips / 4000).toBeCloseTo(0.3, 1);
  });
});

describe("randomResizedBox", () => {
  const limits = [
    [0.08, 1],
    [3 / 4, 4 / 3],
  ] as const;

  test("stays inside images of any shape", () => {
    const edges = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(edges, edges, fc.nat(), (width, height, seed) => {
        const box = randomResizedBox(width, height, ...limits, Rng.of(seed));
        expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(0);
        expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(1);
        expect(box.left + box.width).toBeLessThanOrEqual(width);
        expect(box.top + box.height).toBeLessThanOrEqual(height);
      }),
    );
  });

  test("draws areas evenly and aspects evenly in the logarithm, among boxes that fit", () => {
    // Areas up to a half always fit a square at these aspects, so that nothing is rejected.
    const scale = [0.1, 0.5] as const;
    let area = 0;
    let logAspect = 0;
    const n = 4000;
    for (let i = 0; i < n; i++) {
      const box = randomResizedBox(1000, 1000, scale, limits[1], Rng.of(i));
      const share = (box.width * box.height) / 1e6;
      expect(share).toBeGreaterThan(0.099);
      expect(share).toBeLessThan(0.501);
      expect(box.width / box.height).toBeGreaterThan(0.745);
      expect(box.width / box.height).toBeLessThan(1.34);
      area += share / n;
      logAspect += Math.log(box.width / box.height) / n;
    }
    expect(area).toBeCloseTo(0.3, 1);
    expect(Math.abs(logAspect)).toBeLessThan(0.01);
  });

  test("falls back to the middle where no box fits", () => {
    expect(randomResizedBox(1000, 10, [1, 1], limits[1], Rng.of(1))).toEqual({
      left: 493,
      top: 0,
      width: 13,
      height: 10,
    });
    expect(randomResizedBox(10, 1000, [1, 1], limits[1], Rng.of(1))).toEqual({
      left: 0,
      top: 493,
      width: 10,
      height: 13,
    });
  });
});

test("colour jitter leaves the image alone at strength 0, and takes all orders", () => {
  const image = noise(6, 6);
  expect(colorJitter(image, { brightness: 0, contrast: 0, saturation: 0, hue: 0 }, Rng.of(1))).toBe(image);
  const results = new Set<string>();
  for (let i = 0; i < 50; i++) {
    results.add(
      colorJitter(image, { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }, Rng.of(i)).data.join(),
    );
  }
  expect(results.size).toBe(50);
});

describe("presets", () => {
  test("evaluation has timm's defaults", () => {
    expect(resolvePreprocess()).toEqual({
      size: [224, 224],
      cropPct: 0.875,
      cropMode: "center",
      interpolation: "bilinear",
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      channels: 3,
    });
    expect(evalTransform({ cropPct: 0.9, interpolation: "bicubic" }).ops).toEqual([
      { op: "resize", size: [248, 248], fit: "shortest", interpolation: "bicubic" },
      { op: "centerCrop", size: [224, 224], fill: [0] },
    ]);
    expect(evalTransform({ size: 96, cropPct: 0.9, cropMode: "border" }).ops).toEqual([
      { op: "resize", size: [106, 106], fit: "longest", interpolation: "bilinear" },
      { op: "centerCrop", size: [96, 96], fill: [124, 116, 104] },
    ]);
  });

  test("one mean stands for all channels, and grey has the average", () => {
    expect(resolvePreprocess({ mean: [0.5], std: [0.25] })).toMatchObject({
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
    expect(resolvePreprocess({ channels: 1 }).mean).toEqual([expect.closeTo(0.449)]);
  });

  test("training has timm's defaults in timm's order", () => {
    expect(trainTransform({ size: 224 }).ops).toEqual([
      { op: "randomResizedCrop", size: [224, 224], scale: [0.08, 1], ratio: [3 / 4, 4 / 3], interpolation: "random" },
      { op: "hflip", p: 0.5 },
      { op: "colorJitter", brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0, p: 1 },
    ]);
    expect(trainTransform({ size: 32, crop: "pad", colorJitter: 0 }).ops).toEqual([
      { op: "resize", size: [32, 32], fit: "shortest", interpolation: "bilinear" },
      { op: "randomCrop", size: [32, 32], padding: 4, padMode: "constant", fill: [0] },
      { op: "hflip", p: 0.5 },
    ]);
  });

  test.for([
    [() => evalTransform({ size: 0 }), "size must be one or two positive integers (height, width), found 0"],
    [() => evalTransform({ cropPct: 1.5 }), "cropPct must lie in (0, 1], found 1.5"],
    [() => evalTransform({ cropMode: "centre" as "center" }), 'found "centre" (did you mean "center"?)'],
    [() => evalTransform({ interpolation: "bicubc" as "bicubic" }), 'found "bicubc" (did you mean "bicubic"?)'],
    [() => evalTransform({ mean: [1, 2] }), "mean must have 1 or 3 numbers, found 2"],
    [
      () => trainTransform({ size: 8, scale: [0.5, 0.1] }),
      "scale must be two numbers with 0 < low <= high <= 1, found 0.5, 0.1",
    ],
    [() => trainTransform({ size: 8, hflip: 2 }), "hflip must be a chance from 0 to 1, found 2"],
    [() => trainTransform({ size: 8, colorJitter: [0, 0, 0, 0.6] }), "hue up to 0.5"],
    [() => trainTransform({ size: 8, padding: -1 }), "padding must be 0 or more pixels, found -1"],
  ] as const)("refuses nonsense: %#", ([make, message]) => {
    expect(make).toThrow(message);
  });
});

test("normalize subtracts and divides by channel", () => {
  const out = normalize(Uint8Array.from([0, 255, 51, 102]), { mean: [0, 0.5], std: [1, 0.25] });
  expect(Array.from(out)).toEqual([0, 2, expect.closeTo(0.2), expect.closeTo(-0.4)]);
  expect(() => normalize(new Uint8Array(4), { mean: [0, 0, 0], std: [1, 1, 1] })).toThrow(
    "one mean and one std a channel",
  );
});
