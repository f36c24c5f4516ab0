// One step of a policy on one image: timm's AugmentOp. Drawing (chance, level, sign, filter) is apart from doing.

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { gaussianBlur } from "../transforms/blur.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness } from "../transforms/enhance.ts";
import { rotate } from "../transforms/rotate.ts";
import { autocontrast, equalize, invert, posterize, solarize, solarizeAdd } from "../transforms/tones.ts";
import {
  shearX,
  shearY,
  translateX,
  translateY,
  type WarpInterpolation,
  type WarpOptions,
} from "../transforms/warp.ts";
import type { PolicyStep } from "./auto-augment-tables.ts";
import { type AugmentName, augmentArgs, type Reach } from "./levels.ts";

/** How much a step's level varies: the deviation of a normal distribution around it, or evenly from 0 to it. */
export type Noise = number | "uniform";

/** What all steps of a policy share. */
export interface AugmentLook {
  /** What geometric operations show outside of the image: 0 … 255, one number or one a channel. */
  fill: readonly number[];
  /** `random`: bilinear or bicubic, drawn for each operation. PIL cannot warp with lanczos. */
  interpolation: WarpInterpolation | "random";
  reach: Reach;
}

/** The step done with the chance it has, at the level it draws. `maxLevel`: where levels are cut. */
export function augment(
  image: RawImage,
  [name, prob, level]: PolicyStep,
  noise: Noise,
  maxLevel: number,
  { fill, interpolation, reach }: AugmentLook,
  rng: Rng,
): RawImage {
  if (prob < 1 && rng.uniform() > prob) return image;
  const drawn = Math.max(0, Math.min(noisy(level, noise, rng), maxLevel));
  const args = augmentArgs(name, drawn, rng.uniform() > 0.5, reach);
  const filter = interpolation === "random" ? (rng.uniform() < 0.5 ? "bilinear" : "bicubic") : interpolation;
  if (name !== "GaussianBlurRand") return applyAugment(image, name, args, { interpolation: filter, fill });
  // 3-Augment's blur: a radius between 0.1 and twice the factor.
  const radius = 0.1 + (2 * args[0]! - 0.1) * rng.uniform();
  return gaussianBlur(image, radius);
}

/** Operation `name` with what `augmentArgs` gives. Nothing is drawn. Grey images have no colour to change, and stay. */
export function applyAugment(
  image: RawImage,
  name: AugmentName,
  [value = 0]: readonly number[],
  warp: WarpOptions,
): RawImage {
  switch (name) {
    case "AutoContrast":
      return autocontrast(image);
    case "Equalize":
      return equalize(image);
    case "Invert":
      return invert(image);
    case "Rotate":
      return rotate(image, value, warp);
    case "Posterize":
    case "PosterizeIncreasing":
    case "PosterizeOriginal":
      // Levels above 10 ask for less than nothing.
      return posterize(image, Math.max(0, value));
    case "Solarize":
    case "SolarizeIncreasing":
      return solarize(image, value);
    case "SolarizeAdd":
      return solarizeAdd(image, value);
    case "Color":
    case "ColorIncreasing":
      return enhanceColor(image, value);
    case "Contrast":
    case "ContrastIncreasing":
      return enhanceContrast(image, value);
    case "Brightness":
    case "BrightnessIncreasing":
      return enhanceBrightness(image, value);
    case "Sharpness":
    case "SharpnessIncreasing":
      return enhanceSharpness(image, value);
    case "ShearX":
      return shearX(image, value, warp);
    case "ShearY":
      return shearY(image, value, warp);
    case "TranslateX":
      return translateX(image, value, warp);
    case "TranslateY":
      return translateY(image, value, warp);
    case "TranslateXRel":
      return translateX(image, value * image.width, warp);
    case "TranslateYRel":
      return translateY(image, value * image.height, warp);
    case "Desaturate":
      return enhanceColor(image, Math.min(1, Math.max(0, 1 - value)));
    case "GaussianBlur":
    case "GaussianBlurRand":
      return gaussianBlur(image, value);
  }
}

function noisy(level: number, noise: Noise, rng: Rng): number {
  if (noise === "uniform") return level * rng.uniform();
  return noise > 0 ? level + noise * rng.normal() : level;
}
