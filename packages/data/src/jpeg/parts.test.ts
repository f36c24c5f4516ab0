import { Rng } from "@vitrine/core";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { pixelsOf } from "../picture.ts";
import { evalTransform } from "../presets.ts";
import { type Box, extent, type RawImage } from "../raw-image.ts";
import { crop } from "../transforms/crop.ts";
import { transformed } from "../transforms/transform.ts";
import { jpegSource } from "./source.ts";
import { bySharp, fixture, fixtures } from "./testing.ts";

const everything = Number.POSITIVE_INFINITY;

/** Noise over slopes: all coefficients are in use. */
function picture(width: number, height: number, channels: number, seed: number): RawImage {
  const rng = Rng.of("jpeg", seed);
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 60 + ((3 * x + 5 * y + 40 * (i % channels)) % 130) + rng.int(60);
  });
  return { data, width, height, channels };
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const shares = fc.record({ left: share, top: share, width: share, height: share });
type Shares = { left: number; top: number; width: number; height: number };

function boxIn(image: { width: number; height: number }, { left, top, width, height }: Shares): Box {
  const [x, y] = [Math.floor(left * (image.width - 1)), Math.floor(top * (image.height - 1))];
  return {
    left: x,
    top: y,
    width: 1 + Math.floor(width * (image.width - x - 1)),
    height: 1 + Math.floor(height * (image.height - y - 1)),
  };
}

// The first test of the file: the kernels' memory has not grown yet.
test("files whose channels change are resized, however large they are", async () => {
  const transform = evalTransform({ size: 8, cropPct: 1 });
  for (const [channels, wanted] of [
    [1, 3],
    [3, 1],
  ] as const) {
    const { data, width, height } = picture(900, 700, channels, 1);
    const pipeline = sharp(data, { raw: { width, height, channels } });
    if (channels === 1) pipeline.toColourspace("b-w");
    const bytes = await pipeline.withMetadata({ orientation: 3 }).jpeg().toBuffer();
    const to = { ...transform, channels: wanted };
    const parts = transformed(jpegSource(bytes, wanted, everything)!, to);
    expect(parts).toEqual(transformed(await bySharp(bytes, wanted), to));
  }
});

test("any part of a file by sharp equals that part of sharp's pixels", async () => {
  const cases = fc.record({
    width: fc.integer({ min: 1, max: 90 }),
    height: fc.integer({ min: 1, max: 90 }),
    kind: fc.constantFrom("grey", "4:4:4", "4:2:0"),
    quality: fc.integer({ min: 1, max: 100 }),
    optimiseCoding: fc.boolean(),
    orientation: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(2 ** 31),
    parts: fc.array(shares, { minLength: 4, maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ width, height, kind, quality, optimiseCoding, orientation, seed, parts }) => {
      const channels = kind === "grey" ? 1 : 3;
      const { data } = picture(width, height, channels, seed);
      const pipeline = sharp(data, { raw: { width, height, channels } }).withMetadata({ orientation });
      if (kind === "grey") pipeline.toColourspace("b-w");
      const chromaSubsampling = kind === "4:2:0" ? kind : "4:4:4";
      const bytes = await pipeline.jpeg({ quality, optimiseCoding, chromaSubsampling }).toBuffer();
      const source = jpegSource(bytes, channels, everything);
      expect(source !== undefined).toBe(kind !== "4:2:0" || width >= 5);
      if (source === undefined) return;
      const whole = await bySharp(bytes, channels);
      for (const box of [extent(source), ...parts.map((part) => boxIn(source, part))]) {
        const expected = crop(whole, box);
        expect(pixelsOf(source, box)).toEqual({ ...expected, data: new Uint8Array(expected.data) });
      }
    }),
    { numRuns: 150 },
  );
});

test("any part of a file by Pillow equals that part of the whole", () => {
  // A box of each file by turns, so that what an earlier file left in memory cannot help.
  const names = fixtures.filter(({ plain, width }) => plain && width > 4).map(({ name }) => name);
  const sources = names.map((name) => {
    const source = jpegSource(fixture(name), 3, everything)!;
    return { source, whole: pixelsOf(source) };
  });
  fc.assert(
    fc.property(fc.nat(names.length - 1), shares, (which, part) => {
      const { source, whole } = sources[which]!;
      const box = boxIn(source, part);
      expect(pixelsOf(source, box)).toEqual(crop(whole, box));
    }),
    { numRuns: 3000 },
  );
});

test("each single pixel and each single row is that of the whole", () => {
  for (const name of ["420-17x33", "422-17x33", "444-17x33", "420-restart-5"]) {
    const source = jpegSource(fixture(name), 3, everything)!;
    const whole = pixelsOf(source);
    const { width, height } = source;
    for (let top = 0; top < height; top++) {
      const row = { left: 0, top, width, height: 1 };
      expect(pixelsOf(source, row)).toEqual(crop(whole, row));
      for (let left = top % 3; left < width; left += 3) {
        const box = { left, top, width: 1, height: 1 };
        expect(pixelsOf(source, box)).toEqual(crop(whole, box));
      }
    }
  }
});
