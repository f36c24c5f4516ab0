// The pipelines of training and evaluation, with timm's names and defaults.

import { didYouMean, VitrineError } from "@vitrine/core";
import { normalization } from "./transforms/normalize.ts";
import type { Interpolation, PadMode, Size, Transform, TransformOp } from "./transforms/transform.ts";

/** How much of an image evaluation sees: the middle, all of it squeezed, or all of it with borders. */
export type CropMode = "center" | "squash" | "border";

/** What evaluation, prediction and export agree on: plain data, stored as `preprocess.json`. */
export interface Preprocess {
  size: Size;
  /** Size of the crop over that of the resized image, in (0, 1]. */
  cropPct: number;
  cropMode: CropMode;
  interpolation: Interpolation;
  /** Of pixels in 0 … 1, one number a channel. */
  mean: readonly number[];
  std: readonly number[];
  channels: number;
}

const interpolations: readonly Interpolation[] = ["nearest", "bilinear", "bicubic", "lanczos"];
const cropModes: readonly CropMode[] = ["center", "squash", "border"];

/**
 * A complete, checked preprocess. Missing: size 224, cropPct 0.875, center, bilinear, 3 channels, ImageNet's mean and std (their
 * averages for other channel counts). One mean or std stands for all channels.
 */
export function resolvePreprocess(
  partial: Partial<Omit<Preprocess, "size">> & { size?: number | Size } = {},
): Preprocess {
  const { cropPct = 0.875, cropMode = "center", interpolation = "bilinear", channels = 3 } = partial;
  if (!Number.isInteger(channels) || channels < 1)
    throw usage(`channels must be a positive integer, found ${channels}`);
  if (!(cropPct > 0 && cropPct <= 1)) throw usage(`cropPct must lie in (0, 1], found ${cropPct}`);
  oneOf("cropMode", cropMode, cropModes);
  oneOf("interpolation", interpolation, interpolations);
  return {
    size: toSize(partial.size ?? 224),
    cropPct,
    cropMode,
    interpolation,
    mean: perChannel("mean", partial.mean, normalization.imagenet.mean, channels),
    std: perChannel("std", partial.std, normalization.imagenet.std, channels),
    channels,
  };
}

/** timm's evaluation: resize to `floor(size / cropPct)` by `cropMode`, then the middle. */
export function evalTransform(options: Partial<Omit<Preprocess, "size">> & { size?: number | Size } = {}): Transform {
  const { size, cropPct, cropMode, interpolation, mean, channels } = resolvePreprocess(options);
  const scaled: Size = [Math.floor(size[0] / cropPct), Math.floor(size[1] / cropPct)];
  const fit = { center: "shortest", squash: "exact", border: "longest" } as const;
  const fill = cropMode === "border" ? mean.map((value) => Math.round(value * 255)) : [0];
  return {
    size,
    channels,
    ops: [
      { op: "resize", size: scaled, fit: fit[cropMode], interpolation },
      { op: "centerCrop", size, fill },
    ],
  };
}

export interface TrainTransformOptions {
  size: number | Size;
  /** Channels of the result (3). */
  channels?: number;
  /**
   * `rrc` (default): random resized crop. `pad`: resize the shortest edge, pad, cut anywhere (the CIFAR recipe). `none`: resize
   * the shortest edge and cut the middle.
   */
  crop?: "rrc" | "pad" | "none";
  /** Area of the random resized crop ([0.08, 1]). */
  scale?: readonly [number, number];
  /** Aspect of the random resized crop ([3/4, 4/3]). */
  ratio?: readonly [number, number];
  /** Chance of a horizontal flip (0.5). */
  hflip?: number;
  /** Chance of a vertical flip (0). */
  vflip?: number;
  /** One number for brightness, contrast and saturation, or [brightness, contrast, saturation, hue] (0.4); 0 turns it off. */
  colorJitter?: number | readonly number[];
  /** Chance that the colour jitter runs (1). */
  colorJitterProb?: number;
  /** `random` (default) draws bilinear or bicubic for each random resized crop, and means bilinear elsewhere. */
  interpolation?: Interpolation | "random";
  /** Border of `crop: "pad"` in pixels (an eighth of the shorter edge: 4 at 32). */
  padding?: number;
  /** What the border of `crop: "pad"` shows ("constant"). */
  padMode?: PadMode;
  /** Colour of a constant border, 0 … 255 a channel (black). */
  fill?: readonly number[];
}

/** timm's training augmentation in its order: crop, flips, colour jitter. Normalisation runs on the batch, in the step. */
export function trainTransform(options: TrainTransformOptions): Transform {
  const { channels = 3, crop = "rrc", scale = [0.08, 1], ratio = [3 / 4, 4 / 3], hflip = 0.5, vflip = 0 } = options;
  const {
    colorJitter = 0.4,
    colorJitterProb = 1,
    interpolation = "random",
    padMode = "constant",
    fill = [0],
  } = options;
  const size = toSize(options.size);
  const { padding = Math.floor(Math.min(...size) / 8) } = options;
  oneOf("crop", crop, ["rrc", "pad", "none"]);
  oneOf("interpolation", interpolation, [...interpolations, "random"]);
  oneOf("padMode", padMode, ["constant", "reflect", "edge"]);
  range("scale", scale, 1);
  range("ratio", ratio, Number.POSITIVE_INFINITY);
  for (const [name, p] of Object.entries({ hflip, vflip, colorJitterProb })) {
    if (!(p >= 0 && p <= 1)) throw usage(`${name} must be a chance from 0 to 1, found ${p}`);
  }
  if (!Number.isInteger(padding) || padding < 0) throw usage(`padding must be 0 or more pixels, found ${padding}`);

  const fixed = interpolation === "random" ? "bilinear" : interpolation;
  const resize: TransformOp = { op: "resize", size, fit: "shortest", interpolation: fixed };
  const ops: TransformOp[] = [];
  if (crop === "rrc") ops.push({ op: "randomResizedCrop", size, scale, ratio, interpolation });
  if (crop === "pad") ops.push(resize, { op: "randomCrop", size, padding, padMode, fill });
  if (crop === "none") ops.push(resize, { op: "centerCrop", size, fill });
  if (hflip > 0) ops.push({ op: "hflip", p: hflip });
  if (vflip > 0) ops.push({ op: "vflip", p: vflip });
  const jitter = jitterStrengths(colorJitter);
  if (colorJitterProb > 0 && Object.values(jitter).some((strength) => strength > 0)) {
    ops.push({ op: "colorJitter", ...jitter, p: colorJitterProb });
  }
  return { size, channels, ops };
}

function jitterStrengths(value: number | readonly number[]) {
  const strengths = typeof value === "number" ? [value, value, value] : value;
  const [brightness = 0, contrast = 0, saturation = 0, hue = 0] = strengths;
  if (strengths.length > 4 || !strengths.every((strength) => strength >= 0) || hue > 0.5) {
    throw usage(
      `colorJitter must be [brightness, contrast, saturation, hue], each 0 or more, hue up to 0.5; found ${value}`,
    );
  }
  return { brightness, contrast, saturation, hue };
}

function toSize(size: number | Size): Size {
  const pair: Size = typeof size === "number" ? [size, size] : [size[0], size[1]];
  if (!pair.every((edge) => Number.isInteger(edge) && edge > 0)) {
    throw usage(`size must be one or two positive integers (height, width), found ${size}`);
  }
  return pair;
}

function perChannel(
  name: string,
  given: readonly number[] | undefined,
  imagenet: readonly number[],
  channels: number,
): readonly number[] {
  const average = imagenet.reduce((sum, value) => sum + value, 0) / imagenet.length;
  const values = given ?? (channels === imagenet.length ? imagenet : [average]);
  if (values.length === 1) return Array.from({ length: channels }, () => values[0]!);
  if (values.length !== channels) throw usage(`${name} must have 1 or ${channels} numbers, found ${values.length}`);
  return [...values];
}

function range(name: string, [low, high]: readonly [number, number], limit: number): void {
  if (low > 0 && low <= high && high <= limit) return;
  const most = Number.isFinite(limit) ? ` <= ${limit}` : "";
  throw usage(`${name} must be two numbers with 0 < low <= high${most}, found ${low}, ${high}`);
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw usage(`${name} must be one of ${known.join(", ")}; found "${value}"${didYouMean(value, known)}`);
}

function usage(message: string): VitrineError {
  return new VitrineError("transform", message, { usage: true });
}
