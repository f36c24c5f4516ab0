// The pipeline of evaluation, with timm's names and defaults; that of training is in train-preset.ts.

import { oneOf, perChannel, toSize, usage } from "./preset-checks.ts";
import { roundHalfEven } from "./transforms/crop.ts";
import { normalization } from "./transforms/normalize.ts";
import type { Interpolation, Size, Transform } from "./transforms/transform.ts";

export {
  type TrainCropMode,
  type TrainTransformOptions,
  type TrainTransformParts,
  trainTransform,
  trainTransformParts,
} from "./train-preset.ts";

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
 * A complete, checked preprocess. Missing: size 224, cropPct 0.875, center, bilinear, 3 channels, ImageNet's mean and
 * std (their averages for other channel counts). One mean or std stands for all channels.
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
  const fill = cropMode === "border" ? mean.map((value) => roundHalfEven(255 * value)) : [0];
  return {
    size,
    channels,
    ops: [
      { op: "resize", size: scaled, fit: fit[cropMode], interpolation },
      { op: "centerCrop", size, fill },
    ],
  };
}
