// What holds of every pixel operation, whatever the image.
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../image.ts";
import { blankImage, type RawImage } from "../raw-image.ts";
import { gaussianBlur, gaussianKernelBlur } from "./blur.ts";
import { adjustHue } from "./color.ts";
import { flipHorizontally, flipVertically } from "./crop.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness } from "./enhance.ts";
import { affineMatrix } from "./matrices.ts";
import { resample } from "./resample.ts";
import { rotate } from "./rotate.ts";
import { adjustGamma, autocontrast, equalize, grayscale, invert, posterize, solarize, solarizeAdd } from "./tones.ts";
import { affine, perspective, shearX, shearY, translateX, translateY, type WarpInterpolation } from "./warp.ts";

function noise(width: number, height: number, channels: number, seed = 1): RawImage {
  const image = blankImage(width, height, channels);
  for (let i = 0, x = seed; i < image.data.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    image.data[i] = x >>> 24;
  }
  return image;
}

const channels = fc.constantFrom(1, 3, 4);
const sizes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 48 }), fc.integer({ min: 1, max: 48 })),
  fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 700 })),
  fc.tuple(fc.integer({ min: 1, max: 700 }), fc.constantFrom(1, 2)),
);
const images = fc
  .tuple(sizes, channels, fc.nat(2 ** 31))
  .map(([[width, height], count, seed]) => noise(width, height, count, seed));
const interpolations: readonly WarpInterpolation[] = ["nearest", "bilinear", "bicubic"];

/** Operations by what a strength of -1 … 1 makes of them; `how` is 0, 1 or 2. */
const operations: Record<string, (image: RawImage, strength: number, how: number) => RawImage> = {
  invert,
  posterize: (image, s) => posterize(image, Math.round(Math.abs(s) * 8)),
  solarize: (image, s) => solarize(image, Math.round(Math.abs(s) * 256)),
  solarizeAdd: (image, s) => solarizeAdd(image, Math.round(s * 300)),
  equalize,
  autocontrast: (image, s) => autocontrast(image, Math.abs(s) * 60),
  grayscale,
  gamma: (image, s) => adjustGamma(image, Math.abs(s) * 5),
  hue: (image, s) => adjustHue(image, s / 2),
  brightness: (image, s) => enhanceBrightness(image, s * 30),
  contrast: (image, s) => enhanceContrast(image, s * 30),
  color: (image, s) => enhanceColor(image, s * 1e9),
  sharpness: (image, s) => enhanceSharpness(image, s * 30),
  gaussianBlur: (image, s) => gaussianBlur(image, Math.abs(s) * 50),
  gaussianKernelBlur: (image, s) => gaussianKernelBlur(image, 7, 0.1 + Math.abs(s) * 4),
  rotate: (image, s, how) => rotate(image, s * 720, { interpolation: interpolations[how]!, fill: [7] }),
  shearX: (image, s, how) => shearX(image, s * 9, { interpolation: interpolations[how]! }),
  shearY: (image, s, how) => shearY(image, s * 9, { interpolation: interpolations[how]! }),
  translateX: (image, s, how) => translateX(image, s * 900, { interpolation: interpolations[how]!, fill: [1, 2, 3] }),
  translateY: (image, s, how) => translateY(image, s * 900, { interpolation: interpolations[how]!, fill: [1, 2, 3] }),
  affine: (image, s, how) => {
    const matrix = affineMatrix(image.width, image.height, {
      angle: s * 180,
      scale: 1.1 + s,
      shear: [s * 60, -s * 60],
    });
    return affine(image, matrix, { interpolation: interpolations[how]! });
  },
  perspective: (image, s, how) =>
    perspective(image, [1, s, s, -s, 1, s, s / 10, s / 10], { interpolation: interpolations[how]! }),
  flipHorizontally,
  flipVertically,
};

describe.each(Object.entries(operations))("%s", (_name, operation) => {
  test("keeps the size and the channels, and only reads its input", () => {
    fc.assert(
      fc.property(images, fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(2), (image, strength, how) => {
        const before = image.data.slice();
        const out = operation(image, strength, how);
        expect([out.width, out.height, out.channels]).toEqual([image.width, image.height, image.channels]);
        expect(out.data).toHaveLength(before.length);
        expect(Buffer.compare(image.data, before)).toBe(0);
      }),
      { numRuns: 60, examples: [[noise(1, 1, 3), 0.7, 1]] },
    );
  });
  test("does the same to a part of a larger buffer as to a buffer of its own", () => {
    const image = noise(13, 9, 3);
    const buffer = new Uint8Array(image.data.length + 64).fill(99);
    buffer.set(image.data, 32);
    const view = { ...image, data: buffer.subarray(32, 32 + image.data.length) };
    expect(Buffer.compare(operation(view, 0.4, 2).data, operation(image, 0.4, 2).data)).toBe(0);
    expect(buffer.subarray(0, 32).every((value) => value === 99)).toBe(true);
  });
});

const identities: Record<string, (image: RawImage) => RawImage> = {
  "posterize to 8 bits": (image) => posterize(image, 8),
  "solarize from 256": (image) => solarize(image, 256),
  "solarizeAdd 0": (image) => solarizeAdd(image, 0),
  "gamma 1": (image) => adjustGamma(image, 1),
  "brightness 1": (image) => enhanceBrightness(image, 1),
  "contrast 1": (image) => enhanceContrast(image, 1),
  "color 1": (image) => enhanceColor(image, 1),
  "sharpness 1": (image) => enhanceSharpness(image, 1),
  "blur 0": (image) => gaussianBlur(image, 0),
  "rotate 0": (image) => rotate(image, 0),
  "rotate -720": (image) => rotate(image, -720, { interpolation: "bicubic" }),
  "translate 0": (image) => translateX(translateY(image, 0), 0),
  "invert twice": (image) => invert(invert(image)),
  "flip twice": (image) => flipHorizontally(flipHorizontally(image)),
  "flip down twice": (image) => flipVertically(flipVertically(image)),
  "both flips and half a turn": (image) => rotate(flipVertically(flipHorizontally(image)), 180),
  "four quarter turns": (image) => {
    const half = rotate(rotate(image, 90, { expand: true }), 90, { expand: true });
    return rotate(rotate(half, -90, { expand: true }), 270, { expand: true });
  },
  "resize to its own size": (image) => resample(image, image.width, image.height, "lanczos"),
};

test.each(Object.entries(identities))("%s gives the image", (_name, change) => {
  fc.assert(
    fc.property(images, (image) => {
      const out = change(image);
      expect([out.width, out.height]).toEqual([image.width, image.height]);
      expect(Buffer.compare(out.data, image.data)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("a map that moves nothing gives the image, with interpolation too, where there is no alpha", () => {
  fc.assert(
    fc.property(images, fc.nat(2), (image, how) => {
      fc.pre(image.channels !== 4);
      const options = { interpolation: interpolations[how]! };
      expect(affine(image, [1, 0, 0, 0, 1, 0], options)).toEqual(image);
      expect(perspective(image, [1, 0, 0, 0, 1, 0, 0, 0], options)).toEqual(image);
    }),
  );
});

test("images of 5,000 x 3,000 pixels and very narrow ones", () => {
  const large = noise(5000, 3000, 1);
  for (const name of ["invert", "equalize", "sharpness", "gaussianBlur", "rotate", "flipHorizontally"]) {
    const out = operations[name]!(large, 0.3, 1);
    expect([out.width, out.height, out.data.length], name).toEqual([5000, 3000, 15_000_000]);
  }
  const color = noise(5000, 3000, 3);
  for (const how of ["nearest", "bilinear", "bicubic", "lanczos"] as const) {
    expect(resample(color, 224, 224, how).data).toHaveLength(224 * 224 * 3);
  }
  const strip = noise(5000, 1, 4);
  for (const operation of Object.values(operations)) expect(operation(strip, 0.9, 2).data).toHaveLength(20_000);
  expect(resample(strip, 3, 3000, "bicubic").data).toHaveLength(3 * 3000 * 4);
}, 60_000);

/** A PNG file without filters. `data`: samples from top to bottom, big-endian where they have 16 bits. */
function png(width: number, height: number, samples: 1 | 2 | 3 | 4, bits: 8 | 16, data: Uint8Array): Uint8Array {
  const stride = (width * samples * bits) / 8;
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, { 1: 0, 2: 4, 3: 2, 4: 6 }[samples], 0, 0, 0], 8);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", new Uint8Array())];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]);
}

function chunk(name: string, body: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const out = Buffer.alloc(content.length + 8);
  out.writeUInt32BE(body.length, 0);
  out.set(content, 4);
  out.writeUInt32BE(crc32(content), content.length + 4);
  return out;
}

test("files of 8 and 16 bits, with 1 to 4 samples a pixel, are decoded to what was asked for", async () => {
  const files = fc.record({
    size: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
    samples: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
    bits: fc.constantFrom(8 as const, 16 as const),
    wanted: fc.constantFrom(1, 3),
    seed: fc.nat(2 ** 31),
  });
  await fc.assert(
    fc.asyncProperty(files, async ({ size: [width, height], samples, bits, wanted, seed }) => {
      const { data } = noise(width, height, (samples * bits) / 8, seed);
      const image = await decodeImage(png(width, height, samples, bits, data), { channels: wanted });
      expect([image.width, image.height, image.channels]).toEqual([width, height, wanted]);
      expect(image.data).toHaveLength(width * height * wanted);
      // Of 16 bits the upper 8 are kept; grey is repeated; alpha is dropped.
      const color = samples >= 3 ? 3 : 1;
      if (color === 3 && wanted === 1) return; // luma has its own tests
      for (let i = 0; i < width * height; i++) {
        for (let c = 0; c < wanted; c++) {
          expect(image.data[i * wanted + c]).toBe(data[((i * samples + (c % color)) * bits) / 8]);
        }
      }
    }),
    { numRuns: 60 },
  );
});
