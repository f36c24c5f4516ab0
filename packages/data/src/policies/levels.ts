// How strong an operation of a policy is: levels (0 … 10, and above where `mmax` allows it) to what the operation
// takes. The scales are those of timm's auto_augment.py, which has three for posterize because the papers' code
// disagrees.

/**
 * The operations that policies are made of, with timm's names. `…Increasing` get stronger with the level; the others
 * need not.
 */
export const augmentNames = [
  "AutoContrast",
  "Equalize",
  "Invert",
  "Rotate",
  "Posterize",
  "PosterizeIncreasing",
  "PosterizeOriginal",
  "Solarize",
  "SolarizeIncreasing",
  "SolarizeAdd",
  "Color",
  "ColorIncreasing",
  "Contrast",
  "ContrastIncreasing",
  "Brightness",
  "BrightnessIncreasing",
  "Sharpness",
  "SharpnessIncreasing",
  "ShearX",
  "ShearY",
  "TranslateX",
  "TranslateY",
  "TranslateXRel",
  "TranslateYRel",
  "Desaturate",
  "GaussianBlur",
  "GaussianBlurRand",
] as const;

export type AugmentName = (typeof augmentNames)[number];

/** How far translations go at level 10. */
export interface Reach {
  /** TranslateX and TranslateY, in pixels (timm: 250; `trainTransform`: 0.45 of the shorter edge). */
  translateConst: number;
  /** TranslateXRel and TranslateYRel, as a share of the edge (0.45; 0.3 for AugMix). */
  translatePct: number;
}

/** Level 10 is what the scales end at. */
export const fullLevel = 10;

type Scale = (level: number, negative: boolean, reach: Reach) => readonly number[];

const none: Scale = () => [];
const signed =
  (atFull: (reach: Reach) => number): Scale =>
  (level, negative, reach) => {
    const value = (level / fullLevel) * atFull(reach);
    return [negative ? -value : value];
  };
/** Factors 0.1 … 1.9; 1 changes nothing. */
const enhance: Scale = (level) => [(level / fullLevel) * 1.8 + 0.1];
/** Away from 1, to either side, and never below 0.1. */
const enhanceIncreasing: Scale = (level, negative) => {
  const away = (level / fullLevel) * 0.9;
  return [Math.max(0.1, 1 + (negative ? -away : away))];
};
const between =
  (low: number, high: number): Scale =>
  (level) => [Math.max(low, Math.min(high, low + (high - low) * (level / fullLevel)))];
const posterizeBits = (level: number) => Math.trunc((level / fullLevel) * 4);
const solarizeThreshold = (level: number) => Math.min(256, Math.trunc((level / fullLevel) * 256));
const rotation = signed(() => 30);
const shear = signed(() => 0.3);
const shift = signed(({ translateConst }) => translateConst);
const relativeShift = signed(({ translatePct }) => translatePct);

const scales: { readonly [N in AugmentName]: Scale } = {
  AutoContrast: none,
  Equalize: none,
  Invert: none,
  Rotate: rotation,
  Posterize: (level) => [posterizeBits(level)],
  PosterizeIncreasing: (level) => [4 - posterizeBits(level)],
  PosterizeOriginal: (level) => [posterizeBits(level) + 4],
  Solarize: (level) => [solarizeThreshold(level)],
  SolarizeIncreasing: (level) => [256 - solarizeThreshold(level)],
  SolarizeAdd: (level) => [Math.min(128, Math.trunc((level / fullLevel) * 110))],
  Color: enhance,
  ColorIncreasing: enhanceIncreasing,
  Contrast: enhance,
  ContrastIncreasing: enhanceIncreasing,
  Brightness: enhance,
  BrightnessIncreasing: enhanceIncreasing,
  Sharpness: enhance,
  SharpnessIncreasing: enhanceIncreasing,
  ShearX: shear,
  ShearY: shear,
  TranslateX: shift,
  TranslateY: shift,
  TranslateXRel: relativeShift,
  TranslateYRel: relativeShift,
  Desaturate: between(0.5, 1),
  GaussianBlur: between(0.1, 2),
  GaussianBlurRand: between(0, 1),
};

/** timm's own reach, where nothing is known of the images. */
export const defaultReach: Reach = { translateConst: 250, translatePct: 0.45 };

/**
 * What operation `name` takes at `level`: degrees, pixels, shares, factors, bits, thresholds or radii; nothing for
 * operations that have no strength. `negative` turns the sign of those that go two ways.
 */
export function augmentArgs(
  name: AugmentName,
  level: number,
  negative: boolean,
  reach: Reach = defaultReach,
): readonly number[] {
  return scales[name](level, negative, reach);
}
