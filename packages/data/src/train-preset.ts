// The pipeline of training with the names, defaults and order of timm's create_transform: crop, flips, policy or colour
// jitter, grey, blur. Normalisation and random erasing run on the batch, in the step.

import { augmentPolicy, type PolicyOp } from "./policies/policy.ts";
import { chances, oneOf, perChannel, range, toSize, usage } from "./preset-checks.ts";
import { roundHalfEven } from "./transforms/crop.ts";
import { normalization } from "./transforms/normalize.ts";
import type { Interpolation, PadMode, Size, Transform, TransformOp } from "./transforms/transform.ts";
import type { WarpInterpolation } from "./transforms/warp.ts";

/**
 * `rrc`: random resized crop. `rkrc`, `rkrr`: resized with nearly its own aspect, then the middle or any part of it,
 * with mirrored borders. `pad`: resize the shortest edge, pad, cut anywhere (the CIFAR recipe). `none`: resize the
 * shortest edge and cut the middle.
 */
export type TrainCropMode = "rrc" | "rkrc" | "rkrr" | "pad" | "none";

export interface TrainTransformOptions {
  size: number | Size;
  /** Channels of the result (3). */
  channels?: number;
  /** How images are cut ("rrc"). */
  trainCropMode?: TrainCropMode;
  /** The same by its short name. */
  crop?: TrainCropMode;
  /** Area of the crop ([0.08, 1]; [0.8, 1] for `rkrc` and `rkrr`). */
  scale?: readonly [number, number];
  /** Aspect of the crop ([3/4, 4/3]), or change of the aspect for `rkrc` and `rkrr` ([0.9, 1/0.9]). */
  ratio?: readonly [number, number];
  /** Chance of a horizontal flip (0.5). */
  hflip?: number;
  /** Chance of a vertical flip (0). */
  vflip?: number;
  /** Automatic augmentation: `rand-m9-mstd0.5-inc1`, `v0`, `original`, `3a`, `augmix-m5-w4-d2`, `ta_wide` (none). */
  autoAugment?: string;
  /**
   * One number for brightness, contrast and saturation, or [brightness, contrast, saturation, hue] (0.4); 0 turns it
   * off. Left out where there is a policy, except where its string contains `3a`.
   */
  colorJitter?: number | readonly number[];
  /** Chance that the colour jitter runs (1). */
  colorJitterProb?: number;
  /** Colour jitter beside a policy (false). */
  forceColorJitter?: boolean;
  /** Chance that the image turns grey (0). */
  grayscaleProb?: number;
  /** Chance of a blur with a kernel of 23 pixels and a deviation of 0.1 … 2 (0). */
  gaussianBlurProb?: number;
  /**
   * `random` (default) draws bilinear or bicubic for each crop and each geometric operation of a policy; it means
   * bilinear for `pad` and `none`, and nearest for `ta_wide`. Policies warp with bicubic where it is lanczos.
   */
  interpolation?: Interpolation | "random";
  /** Of the data in 0 … 1, a number a channel; a policy's operations show it outside of the image (ImageNet's). */
  mean?: readonly number[];
  /** Border of `pad` in pixels (an eighth of the shorter edge: 4 at 32). */
  padding?: number;
  /** What the border of `pad` shows ("constant"). */
  padMode?: PadMode;
  /** Colour of a constant border, 0 … 255 a channel (black). */
  fill?: readonly number[];
}

/** timm's two halves of a training transform: AugMix and its like show a clean image beside augmented ones. */
export interface TrainTransformParts {
  /** Crop and flips. */
  primary: Transform;
  /** What follows, from images of the final size. */
  secondary: Transform;
}

const cropModes: readonly TrainCropMode[] = ["rrc", "rkrc", "rkrr", "pad", "none"];

/** timm's training augmentation. @throws VitrineError (usage) that names the option, what it takes, and what came. */
export function trainTransform(options: TrainTransformOptions): Transform {
  const { primary, secondary } = trainTransformParts(options);
  return { ...primary, ops: [...primary.ops, ...secondary.ops] };
}

/** `trainTransform` cut where timm's `separate` cuts it. */
export function trainTransformParts(options: TrainTransformOptions): TrainTransformParts {
  const { channels = 3, interpolation = "random" } = options;
  oneOf("interpolation", interpolation, ["nearest", "bilinear", "bicubic", "lanczos", "random"]);
  const size = toSize(options.size);
  return {
    primary: { size, channels, ops: [...cropOps(options, size, interpolation), ...flipOps(options)] },
    secondary: { size, channels, ops: colorOps(options, size, channels, interpolation) },
  };
}

function cropOps(
  options: TrainTransformOptions,
  size: Size,
  interpolation: Interpolation | "random",
): readonly TransformOp[] {
  const { padMode = "constant", fill = [0], padding = Math.floor(Math.min(...size) / 8) } = options;
  const mode = options.trainCropMode ?? options.crop ?? "rrc";
  if (options.crop !== undefined && options.crop !== mode)
    throw usage(`trainCropMode and crop are two names of one option, found "${mode}" and "${options.crop}"`);
  oneOf(options.trainCropMode === undefined ? "crop" : "trainCropMode", mode, cropModes);
  oneOf("padMode", padMode, ["constant", "reflect", "edge"]);
  if (!Number.isInteger(padding) || padding < 0) throw usage(`padding must be 0 or more pixels, found ${padding}`);
  const keepsRatio = mode === "rkrc" || mode === "rkrr";
  const { scale = keepsRatio ? [0.8, 1] : [0.08, 1], ratio = keepsRatio ? [0.9, 1 / 0.9] : [3 / 4, 4 / 3] } = options;
  // Keeping the ratio, an area above 1 shows the image smaller, with mirrored borders.
  range("scale", scale, keepsRatio ? Number.POSITIVE_INFINITY : 1);
  range("ratio", ratio, Number.POSITIVE_INFINITY);
  if (keepsRatio) {
    return [{ op: "keepRatioCrop", size, scale, ratio, interpolation, crop: mode === "rkrc" ? "center" : "random" }];
  }
  if (mode === "rrc") return [{ op: "randomResizedCrop", size, scale, ratio, interpolation }];
  const fixed = interpolation === "random" ? "bilinear" : interpolation;
  const resize: TransformOp = { op: "resize", size, fit: "shortest", interpolation: fixed };
  if (mode === "pad") return [resize, { op: "randomCrop", size, padding, padMode, fill }];
  return [resize, { op: "centerCrop", size, fill }];
}

function flipOps({ hflip = 0.5, vflip = 0 }: TrainTransformOptions): readonly TransformOp[] {
  chances({ hflip, vflip });
  const ops: TransformOp[] = [];
  if (hflip > 0) ops.push({ op: "hflip", p: hflip });
  if (vflip > 0) ops.push({ op: "vflip", p: vflip });
  return ops;
}

function colorOps(
  options: TrainTransformOptions,
  size: Size,
  channels: number,
  interpolation: Interpolation | "random",
): readonly TransformOp[] {
  const { autoAugment = "", colorJitter = 0.4, colorJitterProb = 1, forceColorJitter = false } = options;
  const { grayscaleProb = 0, gaussianBlurProb = 0 } = options;
  chances({ colorJitterProb, grayscaleProb, gaussianBlurProb });
  const ops: TransformOp[] = [];
  if (autoAugment !== "") ops.push(policyOf(autoAugment, options, size, channels, interpolation));
  const jitter = jitterStrengths(colorJitter);
  const jitters = autoAugment === "" || forceColorJitter || autoAugment.includes("3a");
  if (jitters && colorJitterProb > 0 && Object.values(jitter).some((strength) => strength > 0)) {
    ops.push({ op: "colorJitter", ...jitter, p: colorJitterProb });
  }
  if (grayscaleProb > 0) ops.push({ op: "grayscale", p: grayscaleProb });
  if (gaussianBlurProb > 0) ops.push({ op: "gaussianBlur", kernelSize: 23, sigma: [0.1, 2], p: gaussianBlurProb });
  return ops;
}

/** The policy as timm's factory sets it up: reach by the image's size, the mean where nothing is. */
function policyOf(
  text: string,
  { mean }: TrainTransformOptions,
  size: Size,
  channels: number,
  interpolation: Interpolation | "random",
): PolicyOp {
  const filter: WarpInterpolation | "random" = interpolation === "lanczos" ? "bicubic" : interpolation;
  // torchvision's policy has borders of its own: black.
  if (text.startsWith("ta_")) return augmentPolicy(text, { interpolation: filter });
  const fill = perChannel("mean", mean, normalization.imagenet.mean, channels).map((value) =>
    Math.min(255, roundHalfEven(255 * value)),
  );
  const reach = {
    translateConst: Math.trunc(Math.min(...size) * 0.45),
    translatePct: text.startsWith("augmix") ? 0.3 : 0.45,
  };
  return augmentPolicy(text, { fill, interpolation: filter, reach });
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
