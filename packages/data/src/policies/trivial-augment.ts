// TrivialAugment (wide), Müller and Hutter 2021, https://arxiv.org/abs/2103.10158, with torchvision's ranges and bins:
// one operation for each image, at a strength drawn evenly.

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { roundHalfEven } from "../transforms/crop.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast, enhanceSharpness } from "../transforms/enhance.ts";
import { rotate } from "../transforms/rotate.ts";
import { autocontrast, equalize, posterize, solarize } from "../transforms/tones.ts";
import { affine, type WarpInterpolation, type WarpOptions } from "../transforms/warp.ts";

export interface TrivialAugment {
  op: "trivialAugment";
  /** Strengths to an operation. */
  bins: number;
  /** torchvision's default is nearest. */
  interpolation: WarpInterpolation;
  fill: readonly number[];
}

/** Strengths to an operation in torchvision. */
export const trivialBins = 31;

export const trivialNames = [
  "Identity",
  "ShearX",
  "ShearY",
  "TranslateX",
  "TranslateY",
  "Rotate",
  "Brightness",
  "Color",
  "Contrast",
  "Sharpness",
  "Posterize",
  "Solarize",
  "AutoContrast",
  "Equalize",
] as const;

export type TrivialName = (typeof trivialNames)[number];

/** Strengths from bin 0 to the last one, and whether they go both ways. */
const ranges: { readonly [N in TrivialName]?: { from: number; to: number; signed: boolean } } = {
  ShearX: { from: 0, to: 0.99, signed: true },
  ShearY: { from: 0, to: 0.99, signed: true },
  TranslateX: { from: 0, to: 32, signed: true },
  TranslateY: { from: 0, to: 32, signed: true },
  Rotate: { from: 0, to: 135, signed: true },
  Brightness: { from: 0, to: 0.99, signed: true },
  Color: { from: 0, to: 0.99, signed: true },
  Contrast: { from: 0, to: 0.99, signed: true },
  Sharpness: { from: 0, to: 0.99, signed: true },
  Solarize: { from: 255, to: 0, signed: false },
};

export function trivialAugment(image: RawImage, op: TrivialAugment, rng: Rng): RawImage {
  const { name, strength } = drawTrivial(op.bins, rng);
  return applyTrivial(image, name, strength, op);
}

/** One operation and its strength, signed: all as likely as the others. */
export function drawTrivial(bins: number, rng: Rng): { name: TrivialName; strength: number } {
  const name = trivialNames[rng.int(trivialNames.length)]!;
  const strength = trivialStrength(name, rng.int(bins), bins);
  const negative = rng.uniform() < 0.5 && ranges[name]?.signed === true;
  return { name, strength: negative ? -strength : strength };
}

/**
 * Strength of a bin: a shear's tangent, pixels, degrees, what is added to the factor 1, bits, a threshold; 0 for the
 * others.
 */
export function trivialStrength(name: TrivialName, bin: number, bins: number = trivialBins): number {
  if (name === "Posterize") return 8 - roundHalfEven(Math.fround(bin / Math.fround((bins - 1) / 6)));
  const range = ranges[name];
  if (range === undefined) return 0;
  // torch.linspace: 32-bit floats, a product and a sum rounded once, the second half counted from the end.
  const from = Math.fround(range.from);
  const to = Math.fround(range.to);
  const step = Math.fround(Math.fround(to - from) / (bins - 1));
  return Math.fround(bin < Math.trunc(bins / 2) ? from + step * bin : to - step * (bins - 1 - bin));
}

/** Operation `name` with its strength, signed. Nothing is drawn. */
export function applyTrivial(image: RawImage, name: TrivialName, strength: number, warp: WarpOptions): RawImage {
  switch (name) {
    case "Identity":
      return image;
    // The corner stays, and not the middle.
    case "ShearX":
      return affine(image, [1, Math.tan(Math.atan(strength)), 0, 0, 1, 0], warp);
    case "ShearY":
      return affine(image, [1, 0, 0, Math.tan(Math.atan(strength)), 1, 0], warp);
    case "TranslateX":
      return affine(image, [1, 0, -Math.trunc(strength), 0, 1, 0], warp);
    case "TranslateY":
      return affine(image, [1, 0, 0, 0, 1, -Math.trunc(strength)], warp);
    case "Rotate":
      return rotate(image, strength, warp);
    case "Brightness":
      return enhanceBrightness(image, 1 + strength);
    case "Color":
      return enhanceColor(image, 1 + strength);
    case "Contrast":
      return enhanceContrast(image, 1 + strength);
    case "Sharpness":
      return enhanceSharpness(image, 1 + strength);
    case "Posterize":
      return posterize(image, strength);
    case "Solarize":
      return solarize(image, strength);
    case "AutoContrast":
      return autocontrast(image);
    case "Equalize":
      return equalize(image);
  }
}
