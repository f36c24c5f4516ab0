// What RandAugment and AugMix choose from: timm's sets, by the names that its policy strings have for them.

import type { AugmentName } from "./levels.ts";

/** Operations to choose from; with `weights`, a choice is by weight and takes none twice. */
export interface AugmentSet {
  transforms: readonly AugmentName[];
  weights?: readonly number[];
}

const plain: readonly AugmentName[] = [
  "AutoContrast",
  "Equalize",
  "Invert",
  "Rotate",
  "Posterize",
  "Solarize",
  "SolarizeAdd",
  "Color",
  "Contrast",
  "Brightness",
  "Sharpness",
  "ShearX",
  "ShearY",
  "TranslateXRel",
  "TranslateYRel",
];

const increasing: readonly AugmentName[] = [
  "AutoContrast",
  "Equalize",
  "Invert",
  "Rotate",
  "PosterizeIncreasing",
  "SolarizeIncreasing",
  "SolarizeAdd",
  "ColorIncreasing",
  "ContrastIncreasing",
  "BrightnessIncreasing",
  "SharpnessIncreasing",
  "ShearX",
  "ShearY",
  "TranslateXRel",
  "TranslateYRel",
];

/** The sets that `t` names. */
export const namedSets = {
  "3a": { transforms: ["SolarizeIncreasing", "Desaturate", "GaussianBlur"] },
  "3aw": weighted({
    SolarizeIncreasing: 6,
    Desaturate: 6,
    GaussianBlur: 6,
    Rotate: 3,
    ShearX: 2,
    ShearY: 2,
    PosterizeIncreasing: 1,
    AutoContrast: 1,
    ColorIncreasing: 1,
    SharpnessIncreasing: 1,
    ContrastIncreasing: 1,
    BrightnessIncreasing: 1,
    Equalize: 1,
    Invert: 1,
  }),
  weights: weighted({
    Rotate: 3,
    ShearX: 2,
    ShearY: 2,
    TranslateXRel: 1,
    TranslateYRel: 1,
    ColorIncreasing: 0.25,
    SharpnessIncreasing: 0.25,
    AutoContrast: 0.25,
    SolarizeIncreasing: 0.05,
    SolarizeAdd: 0.05,
    ContrastIncreasing: 0.05,
    BrightnessIncreasing: 0.05,
    Equalize: 0.05,
    PosterizeIncreasing: 0.05,
    Invert: 0.05,
  }),
} satisfies Record<string, AugmentSet>;

export type SetName = keyof typeof namedSets;

/** What RandAugment chooses from where no set is named; `inc` has the operations that get stronger with the level. */
export function randSet(inc: boolean): AugmentSet {
  return { transforms: inc ? increasing : plain };
}

/** The paper's set, with colour, contrast, brightness and sharpness, and without invert. */
export const augMixTransforms: readonly AugmentName[] = [
  "AutoContrast",
  "ColorIncreasing",
  "ContrastIncreasing",
  "BrightnessIncreasing",
  "SharpnessIncreasing",
  "Equalize",
  "Rotate",
  "PosterizeIncreasing",
  "SolarizeIncreasing",
  "ShearX",
  "ShearY",
  "TranslateXRel",
  "TranslateYRel",
];

function weighted(table: { readonly [N in AugmentName]?: number }): Required<AugmentSet> {
  return { transforms: Object.keys(table) as AugmentName[], weights: Object.values(table) };
}
