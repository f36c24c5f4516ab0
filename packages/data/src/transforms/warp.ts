// Affine and perspective maps with PIL's bytes (Image.transform). A map leads from the output to the input: output
// pixel (x, y) shows what lies at map(x + 0.5, y + 0.5). What comes from outside is filled.
// Source: https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.Image.transform

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { hasAlpha, premultiply, unpremultiplyInPlace } from "./alpha.ts";
import { layout, machineWith } from "./machine.ts";
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

/** Fills `xs` and `ys` with where the pixels of output row `y` lie. Rows are asked for from the first to the last. */
export type Locate = (y: number, xs: Float64Array, ys: Float64Array) => void;

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
  const start = background(width * height, channels, fill);
  const data =
    (interpolation === "nearest" ? undefined : sampleFast(source, width, start, locate, interpolation)) ??
    samplePlainly(source, width, start, locate, sample);
  const out: RawImage = { data, width, height, channels };
  if (blend) unpremultiplyInPlace(out);
  return out;
}

/** Rows of `width` pixels over `start`, in its place. */
export function samplePlainly(
  image: RawImage,
  width: number,
  start: Uint8Array,
  locate: Locate,
  sample: Sampler,
): Uint8Array {
  const xs = new Float64Array(width);
  const ys = new Float64Array(width);
  const stride = width * image.channels;
  for (let y = 0; y * stride < start.length; y++) {
    locate(y, xs, ys);
    sample(image, xs, ys, start, y * stride);
  }
  return start;
}

/** The same bytes by WebAssembly's vectors, as a new array; undefined where the machine has none. */
export function sampleFast(
  image: RawImage,
  width: number,
  start: Uint8Array,
  locate: Locate,
  interpolation: "bilinear" | "bicubic",
): Uint8Array | undefined {
  const { data, channels } = image;
  const places = layout([data.length, start.length, 8 * width, 8 * width]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const { buffer } = machine.memory;
  const [source, out, xAt, yAt] = places.starts as [number, number, number, number];
  const bytes = new Uint8Array(buffer);
  bytes.set(data, source);
  bytes.set(start, out);
  const xs = new Float64Array(buffer, xAt, width);
  const ys = new Float64Array(buffer, yAt, width);
  const kernel = machine.kernels[interpolation];
  const stride = width * channels;
  for (let y = 0; y * stride < start.length; y++) {
    locate(y, xs, ys);
    kernel(source, image.width, image.height, channels, xAt, yAt, width, out + y * stride);
  }
  return bytes.slice(out, out + start.length);
}

function background(pixels: number, channels: number, fill: readonly number[] | undefined): Uint8Array {
  const data = new Uint8Array(pixels * channels);
  if (fill === undefined || fill.length === 0) return data;
  const color = fillColor(fill, channels);
  if (color.every((value) => value === color[0])) return data.fill(color[0]!);
  for (let i = 0; i < data.length; i++) data[i] = color[i % channels]!;
  return data;
}

/** One number a channel. */
function fillColor(fill: readonly number[], channels: number): number[] {
  const colors = channels % 2 === 0 ? channels - 1 : channels;
  return Array.from({ length: channels }, (_, c) => {
    const value = c === colors ? (fill[c] ?? 255) : (fill[c] ?? fill[0]!);
    return Math.max(0, Math.min(255, Math.trunc(value)));
  });
}

function affineRows([a, b, c, d, e, f]: AffineMatrix): Locate {
  return (y, xs, ys) => {
    const bY = b * (y + 0.5);
    const eY = e * (y + 0.5);
    for (let x = 0; x < xs.length; x++) {
      xs[x] = a * (x + 0.5) + bY + c;
      ys[x] = d * (x + 0.5) + eY + f;
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
  return (_y, xs, ys) => {
    let x = startX;
    let y = startY;
    for (let i = 0; i < xs.length; i++) {
      xs[i] = x * unit;
      ys[i] = y * unit;
      x += a;
      y += d;
    }
    startX += b;
    startY += e;
  };
}

function perspectiveRows([a, b, c, d, e, f, g, h]: PerspectiveCoefficients): Locate {
  return (row, xs, ys) => {
    const y = row + 0.5;
    for (let i = 0; i < xs.length; i++) {
      const x = i + 0.5;
      const depth = g * x + h * y + 1;
      xs[i] = (a * x + b * y + c) / depth;
      ys[i] = (d * x + e * y + f) / depth;
    }
  };
}

function assertFinite(where: string, numbers: readonly number[]): void {
  if (numbers.every(Number.isFinite)) return;
  throw new VitrineError(where, `expected finite numbers, found ${numbers.join(", ")}`);
}
