// Affine and perspective maps with PIL's bytes (Image.transform). A map leads from the output to the input: output
// pixel (x, y) shows what lies at map(x + 0.5, y + 0.5). What comes from outside is filled.
// Source: https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.Image.transform

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { hasAlpha, premultiply, unpremultiplyInPlace } from "./alpha.ts";
import { machineWith } from "./machine.ts";
import { type Sampler, sampleBicubic, sampleBilinear, sampleNearest } from "./sample.ts";
import type { Interpolation } from "./transform.ts";

/** Filters for maps: they look at 1, 2 x 2 or 4 x 4 pixels, also where the image shrinks. */
export type WarpInterpolation = Exclude<Interpolation, "lanczos">;

export interface WarpOptions {
  /** ("nearest") */
  interpolation?: WarpInterpolation;
  /** 0 … 255, one number or one a channel; alpha is 255 where it is left out. By default everything is 0. */
  fill?: readonly number[];
}

/** `a, b, c, d, e, f`: x = a X + b Y + c, y = d X + e Y + f, for the output's X, Y and the input's x, y. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** `a … h`: x = (a X + b Y + c) / (g X + h Y + 1), y = (d X + e Y + f) / (g X + h Y + 1). */
export type PerspectiveCoefficients = readonly [number, number, number, number, number, number, number, number];

/** PIL's `transform(size, AFFINE, matrix)`; the size stays. */
export function affine(image: RawImage, matrix: AffineMatrix, options: WarpOptions = {}): RawImage {
  return affineTo(image, image.width, image.height, matrix, options);
}

/** As `affine`, to an image of another size. */
export function affineTo(
  image: RawImage,
  width: number,
  height: number,
  matrix: AffineMatrix,
  options: WarpOptions = {},
): RawImage {
  assertFinite("affine", matrix);
  const exact = (options.interpolation ?? "nearest") !== "nearest";
  const locate = exact ? affineRows(matrix) : nearestAffineRows(matrix, width, height);
  return warp(image, width, height, locate, options);
}

/** PIL's `transform(size, PERSPECTIVE, coefficients)`; the size stays. */
export function perspective(
  image: RawImage,
  coefficients: PerspectiveCoefficients,
  options: WarpOptions = {},
): RawImage {
  assertFinite("perspective", coefficients);
  return warp(image, image.width, image.height, perspectiveRows(coefficients), options);
}

/** timm's ShearX: rows move to the left by `factor` times their distance from the upper edge. */
export function shearX(image: RawImage, factor: number, options: WarpOptions = {}): RawImage {
  return affine(image, [1, factor, 0, 0, 1, 0], options);
}

/** timm's ShearY: columns move up by `factor` times their distance from the left edge. */
export function shearY(image: RawImage, factor: number, options: WarpOptions = {}): RawImage {
  return affine(image, [1, 0, 0, factor, 1, 0], options);
}

/** timm's TranslateX: moved to the left by `pixels`. */
export function translateX(image: RawImage, pixels: number, options: WarpOptions = {}): RawImage {
  return affine(image, [1, 0, pixels, 0, 1, 0], options);
}

/** timm's TranslateY: moved up by `pixels`. */
export function translateY(image: RawImage, pixels: number, options: WarpOptions = {}): RawImage {
  return affine(image, [1, 0, 0, 0, 1, pixels], options);
}

/** Fills `positions` (x, y, x, y …) for the pixels of output row `y`. Rows are asked for from the first to the last. */
export type Locate = (y: number, positions: Float64Array) => void;

const samplers: Record<WarpInterpolation, Sampler> = {
  nearest: sampleNearest,
  bilinear: sampleBilinear,
  bicubic: sampleBicubic,
};

function warp(image: RawImage, width: number, height: number, locate: Locate, options: WarpOptions): RawImage {
  const { interpolation = "nearest", fill } = options;
  const sample = samplers[interpolation];
  if (sample === undefined) {
    throw new VitrineError("warp", `expected nearest, bilinear or bicubic, found ${interpolation}`, { usage: true });
  }
  const { channels } = image;
  const blend = hasAlpha(image) && interpolation !== "nearest";
  const source = blend ? premultiply(image) : image;
  const color = fillColor(fill ?? [], channels);
  const data =
    sampleFast(source, width, height, locate, interpolation, color) ??
    samplePlainly(source, width, height, locate, sample, color);
  const out: RawImage = { data, width, height, channels };
  if (blend) unpremultiplyInPlace(out);
  return out;
}

/** The image at the positions of `width` x `height` pixels, and `color` where they lie outside. */
export function samplePlainly(
  image: RawImage,
  width: number,
  height: number,
  locate: Locate,
  sample: Sampler,
  color: readonly number[],
): Uint8Array {
  const positions = new Float64Array(2 * width);
  const stride = width * image.channels;
  const out = new Uint8Array(stride * height);
  paint(out, color);
  for (let y = 0; y < height; y++) {
    locate(y, positions);
    sample(image, positions, out, y * stride);
  }
  return out;
}

/** The same by WebAssembly's vectors; undefined where the machine has none. */
export function sampleFast(
  image: RawImage,
  width: number,
  height: number,
  locate: Locate,
  interpolation: WarpInterpolation,
  color: readonly number[],
): Uint8Array | undefined {
  const { data, channels } = image;
  const stride = width * channels;
  const places = layout([data.length, stride * height, 16 * width]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const { buffer } = machine.memory;
  const [source, out, at] = places.starts as [number, number, number];
  new Uint8Array(buffer).set(data, source);
  const pixels = new Uint8Array(buffer, out, stride * height);
  paint(pixels, color);
  const positions = new Float64Array(buffer, at, 2 * width);
  const kernel = machine.kernels[interpolation];
  for (let y = 0; y < height; y++) {
    locate(y, positions);
    kernel(source, image.width, image.height, channels, at, width, out + y * stride);
  }
  return pixels.slice();
}

function paint(pixels: Uint8Array, color: readonly number[]): void {
  if (color.every((value) => value === color[0])) {
    pixels.fill(color[0]!);
    return;
  }
  pixels.set(color);
  for (let done = color.length; done < pixels.length; done *= 2) pixels.copyWithin(done, 0, done);
}

/** One number a channel; zeros by default. */
function fillColor(fill: readonly number[], channels: number): number[] {
  if (fill.length === 0) return new Array<number>(channels).fill(0);
  const colors = channels % 2 === 0 ? channels - 1 : channels;
  return Array.from({ length: channels }, (_, c) => {
    const value = c === colors ? (fill[c] ?? 255) : (fill[c] ?? fill[0]!);
    return Math.max(0, Math.min(255, Math.trunc(value)));
  });
}

function affineRows([a, b, c, d, e, f]: AffineMatrix): Locate {
  return (y, positions) => {
    const bY = b * (y + 0.5);
    const eY = e * (y + 0.5);
    for (let i = 0, x = 0.5; i < positions.length; i += 2, x++) {
      positions[i] = a * x + bY + c;
      positions[i + 1] = d * x + eY + f;
    }
  };
}

/** PIL finds nearest pixels by adding up steps: of floats where rows stay rows, else of 16.16 fixed point if it can. */
function nearestAffineRows(matrix: AffineMatrix, width: number, height: number): Locate {
  const [a, b, c, d, e, f] = matrix;
  if (b === 0 && d === 0) return steps(1, [a, 0, c + a * 0.5, 0, e, f + e * 0.5]);
  const far = (x: number, y: number) => Math.max(Math.abs(x * a + y * b + c), Math.abs(x * d + y * e + f));
  const reach = Math.max(far(0, 0), far(width, height), far(0, height), far(width, 0));
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5);
  if (reach < 32768) {
    const [x, y] = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)];
    return steps(1 / 65536, [fixed(a), fixed(b), x, fixed(d), fixed(e), y]);
  }
  return steps(1, [a, b, c + b * 0.5 + a * 0.5, d, e, f + e * 0.5 + d * 0.5]);
}

/** Positions by repeated addition, times `unit` (a power of two, so that nothing is lost). */
function steps(unit: number, [a, b, c, d, e, f]: AffineMatrix): Locate {
  let [startX, startY] = [c, f];
  return (_y, positions) => {
    let x = startX;
    let y = startY;
    for (let i = 0; i < positions.length; i += 2) {
      positions[i] = x * unit;
      positions[i + 1] = y * unit;
      x += a;
      y += d;
    }
    startX += b;
    startY += e;
  };
}

function perspectiveRows([a, b, c, d, e, f, g, h]: PerspectiveCoefficients): Locate {
  return (row, positions) => {
    const y = row + 0.5;
    for (let i = 0, x = 0.5; i < positions.length; i += 2, x++) {
      const depth = g * x + h * y + 1;
      positions[i] = (a * x + b * y + c) / depth;
      positions[i + 1] = (d * x + e * y + f) / depth;
    }
  };
}

function assertFinite(where: string, numbers: readonly number[]): void {
  if (numbers.every(Number.isFinite)) return;
  throw new VitrineError(where, `expected finite numbers, found ${numbers.join(", ")}`);
}
