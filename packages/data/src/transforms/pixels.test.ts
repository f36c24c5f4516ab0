// Numbers: Pillow 13 and torchvision, made by scripts/fixtures/pixels.py, which also makes any number of random cases;
// PIXEL_CASES=file runs those.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { gaussianBlur, gaussianKernelBlur } from "./blur.ts";
import { adjustHue } from "./color.ts";
import { flipHorizontally, flipVertically } from "./crop.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness } from "./enhance.ts";
import { type AffineParts, affineMatrix, type Corners, perspectiveCoefficients } from "./matrices.ts";
import { resample } from "./resample.ts";
import { type RotateOptions, rotate } from "./rotate.ts";
import { adjustGamma, autocontrast, equalize, grayscale, invert, posterize, solarize, solarizeAdd } from "./tones.ts";
import type { Interpolation, Size } from "./transform.ts";
import {
  type AffineMatrix,
  affine,
  type PerspectiveCoefficients,
  perspective,
  shearX,
  shearY,
  translateX,
  translateY,
  type WarpOptions,
} from "./warp.ts";

interface Stored {
  width: number;
  height: number;
  channels: number;
  /** base64 */
  data: string;
}

interface Case {
  op: keyof typeof ops;
  image: string;
  args: never[];
  out: Stored;
}

const ops = {
  invert,
  posterize,
  solarize,
  solarizeAdd,
  equalize,
  autocontrast,
  grayscale,
  gamma: adjustGamma,
  hue: adjustHue,
  brightness: enhanceBrightness,
  contrast: enhanceContrast,
  color: enhanceColor,
  sharpness: enhanceSharpness,
  gaussianBlur,
  gaussianKernelBlur,
  affine: (image: RawImage, matrix: AffineMatrix, options: WarpOptions) => affine(image, matrix, options),
  perspective: (image: RawImage, numbers: PerspectiveCoefficients, options: WarpOptions) =>
    perspective(image, numbers, options),
  rotate: (image: RawImage, degrees: number, options: RotateOptions) => rotate(image, degrees, options),
  shearX,
  shearY,
  translateX,
  translateY,
  torchAffine: (image: RawImage, parts: AffineParts, options: WarpOptions) =>
    affine(image, affineMatrix(image.width, image.height, parts), options),
  torchPerspective: (image: RawImage, from: Corners, to: Corners, options: WarpOptions) =>
    perspective(image, perspectiveCoefficients(from, to), options),
  resize: resample,
  resizedCrop: (
    image: RawImage,
    top: number,
    left: number,
    height: number,
    width: number,
    [outHeight, outWidth]: Size,
    how: Interpolation,
  ) => resample(image, outWidth, outHeight, how, { box: { left, top, width, height } }),
  flipHorizontally,
  flipVertically,
};

/** Where another order of additions or another library's cosine may move a value: levels, and the share of values. */
const loose: Partial<Record<keyof typeof ops, readonly [levels: number, share: number]>> = {
  gaussianKernelBlur: [1, 0.001],
  torchAffine: [1, 0.001],
};

const file = process.env.PIXEL_CASES ?? new URL("../__fixtures__/pixels.json.gz", import.meta.url);
const fixture = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
  images: Record<string, Stored>;
  cases: Case[];
};

function unpack({ data, ...shape }: Stored): RawImage {
  return { ...shape, data: new Uint8Array(Buffer.from(data, "base64")) };
}

function run({ op, image, args }: Case): { out: RawImage; before: RawImage; after: RawImage } {
  const before = unpack(fixture.images[image]!);
  const after = unpack(fixture.images[image]!);
  const out = (ops[op] as (image: RawImage, ...args: never[]) => RawImage)(after, ...args);
  return { out, before, after };
}

describe.each(Object.keys(ops) as (keyof typeof ops)[])("%s", (op) => {
  const cases = fixture.cases.filter((row) => row.op === op);
  test.skipIf(cases.length === 0).for(cases.map((row) => [`${row.image} ${JSON.stringify(row.args)}`, row] as const))(
    "%s",
    ([, row]) => {
      const { out, before, after } = run(row);
      const { data, ...shape } = unpack(row.out);
      expect({ width: out.width, height: out.height, channels: out.channels }).toEqual(shape);
      expect(after).toEqual(before); // the input is only read
      const bounds = loose[op];
      if (bounds === undefined) {
        expect(Buffer.compare(out.data, data), difference(out.data, data)).toBe(0);
        return;
      }
      const off = data.filter((value, i) => value !== out.data[i]).length;
      expect(off).toBeLessThanOrEqual(Math.max(1, bounds[1] * data.length));
      expect(data.every((value, i) => Math.abs(value - out.data[i]!) <= bounds[0])).toBe(true);
    },
  );
});

function difference(found: Uint8Array, expected: Uint8Array): string {
  const first = expected.findIndex((value, i) => value !== found[i]);
  const count = expected.filter((value, i) => value !== found[i]).length;
  return `${count} of ${expected.length} values differ; at ${first} expected ${expected[first]}, found ${found[first]}`;
}
