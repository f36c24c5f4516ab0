// The pipelines of training and evaluation, with timm's names and defaults.

import type { Interpolation, PadMode, Size } from "./transforms/transform.ts";

/** How much of an image evaluation sees: the middle, all of it squeezed, or all of it with borders. */
export type CropMode = "center" | "squash" | "border";

/** What evaluation, prediction and export agree on; stored as `preprocess.json`. */
export interface Preprocess {
  size: Size;
  cropPct: number;
  cropMode: CropMode;
  interpolation: Interpolation;
  /** Of pixels in 0 … 1, one number a channel. */
  mean: readonly number[];
  std: readonly number[];
  channels: number;
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
  /** One number for brightness, contrast and saturation, or [brightness, contrast, saturation, hue] (0.4). */
  colorJitter?: number | readonly number[];
  /** Chance that the colour jitter runs (1). */
  colorJitterProb?: number;
  /** `random` (default) draws bilinear or bicubic for each image. */
  interpolation?: Interpolation | "random";
  /** Border of `crop: "pad"` in pixels (an eighth of the size: 4 at 32). */
  padding?: number;
  padMode?: PadMode;
  /** Colour of a border, 0 … 255 a channel (black). */
  fill?: readonly number[];
}
