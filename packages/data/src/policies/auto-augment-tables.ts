// The policies of AutoAugment (Cubuk et al. 2019, https://arxiv.org/abs/1805.09501) for ImageNet, and 3-Augment
// (Touvron et al. 2022, https://arxiv.org/abs/2204.07118): rows of [operation, chance, level]. One row is drawn for an
// image. Data, no logic.

import type { AugmentName } from "./levels.ts";

export type PolicyStep = readonly [name: AugmentName, prob: number, level: number];
export type SubPolicy = readonly PolicyStep[];

/** The policy of TPU EfficientNet. */
// biome-ignore format: a row a line
const v0: readonly SubPolicy[] = [
  [["Equalize", 0.8, 1], ["ShearY", 0.8, 4]],
  [["Color", 0.4, 9], ["Equalize", 0.6, 3]],
  [["Color", 0.4, 1], ["Rotate", 0.6, 8]],
  [["Solarize", 0.8, 3], ["Equalize", 0.4, 7]],
  [["Solarize", 0.4, 2], ["Solarize", 0.6, 2]],
  [["Color", 0.2, 0], ["Equalize", 0.8, 8]],
  [["Equalize", 0.4, 8], ["SolarizeAdd", 0.8, 3]],
  [["ShearX", 0.2, 9], ["Rotate", 0.6, 8]],
  [["Color", 0.6, 1], ["Equalize", 1, 2]],
  [["Invert", 0.4, 9], ["Rotate", 0.6, 0]],
  [["Equalize", 1, 9], ["ShearY", 0.6, 3]],
  [["Color", 0.4, 7], ["Equalize", 0.6, 0]],
  [["Posterize", 0.4, 6], ["AutoContrast", 0.4, 7]],
  [["Solarize", 0.6, 8], ["Color", 0.6, 9]],
  [["Solarize", 0.2, 4], ["Rotate", 0.8, 9]],
  [["Rotate", 1, 7], ["TranslateYRel", 0.8, 9]],
  [["ShearX", 0, 0], ["Solarize", 0.8, 4]],
  [["ShearY", 0.8, 0], ["Color", 0.6, 4]],
  [["Color", 1, 0], ["Rotate", 0.6, 2]],
  [["Equalize", 0.8, 4], ["Equalize", 0, 8]],
  [["Equalize", 1, 4], ["AutoContrast", 0.6, 2]],
  [["ShearY", 0.4, 7], ["SolarizeAdd", 0.6, 7]],
  [["Posterize", 0.8, 2], ["Solarize", 0.6, 10]],
  [["Solarize", 0.6, 8], ["Equalize", 0.6, 1]],
  [["Color", 0.8, 6], ["Rotate", 0.4, 5]],
];

/** That of the paper. */
// biome-ignore format: a row a line
const original: readonly SubPolicy[] = [
  [["PosterizeOriginal", 0.4, 8], ["Rotate", 0.6, 9]],
  [["Solarize", 0.6, 5], ["AutoContrast", 0.6, 5]],
  [["Equalize", 0.8, 8], ["Equalize", 0.6, 3]],
  [["PosterizeOriginal", 0.6, 7], ["PosterizeOriginal", 0.6, 6]],
  [["Equalize", 0.4, 7], ["Solarize", 0.2, 4]],
  [["Equalize", 0.4, 4], ["Rotate", 0.8, 8]],
  [["Solarize", 0.6, 3], ["Equalize", 0.6, 7]],
  [["PosterizeOriginal", 0.8, 5], ["Equalize", 1, 2]],
  [["Rotate", 0.2, 3], ["Solarize", 0.6, 8]],
  [["Equalize", 0.6, 8], ["PosterizeOriginal", 0.4, 6]],
  [["Rotate", 0.8, 8], ["Color", 0.4, 0]],
  [["Rotate", 0.4, 9], ["Equalize", 0.6, 2]],
  [["Equalize", 0, 7], ["Equalize", 0.8, 8]],
  [["Invert", 0.6, 4], ["Equalize", 1, 8]],
  [["Color", 0.6, 4], ["Contrast", 1, 8]],
  [["Rotate", 0.8, 8], ["Color", 1, 2]],
  [["Color", 0.8, 8], ["Solarize", 0.8, 7]],
  [["Sharpness", 0.4, 7], ["Invert", 0.6, 8]],
  [["ShearX", 0.6, 5], ["Equalize", 1, 9]],
  [["Color", 0.4, 0], ["Equalize", 0.6, 3]],
  [["Equalize", 0.4, 7], ["Solarize", 0.2, 4]],
  [["Solarize", 0.6, 5], ["AutoContrast", 0.6, 5]],
  [["Invert", 0.6, 4], ["Equalize", 1, 8]],
  [["Color", 0.6, 4], ["Contrast", 1, 8]],
  [["Equalize", 0.8, 8], ["Equalize", 0.6, 3]],
];

/** DeiT III's three, each as likely as the others. */
const three: readonly SubPolicy[] = [[["Solarize", 1, 5]], [["Desaturate", 1, 10]], [["GaussianBlurRand", 1, 10]]];

/** By the names of policy strings. `…r` posterize as Google's research code does: more at a higher level. */
export const autoAugmentPolicies = {
  original,
  originalr: researchPosterize(original),
  v0,
  v0r: researchPosterize(v0),
  "3a": three,
} satisfies Record<string, readonly SubPolicy[]>;

export type AutoAugmentName = keyof typeof autoAugmentPolicies;

function researchPosterize(policy: readonly SubPolicy[]): readonly SubPolicy[] {
  const rename = (name: AugmentName) => (name.startsWith("Posterize") ? "PosterizeIncreasing" : name);
  return policy.map((row) => row.map(([name, prob, level]): PolicyStep => [rename(name), prob, level]));
}
