// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. They are backbones without a
// head, under Meta's licences.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How most of the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 1,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

const web = { license: "dinov3-license", numClasses: 0 };
const satellite = { ...web, mean: [0.43, 0.411, 0.296], std: [0.213, 0.156, 0.143] };
const eupe = { license: "fair-noncommercial-research-license", numClasses: 0 };

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  vit_tiny_patch16_dinov3_qkvb: { eupe_lvd1689m: eupe },
  vit_small_patch16_dinov3: { lvd1689m: web },
  vit_small_patch16_dinov3_qkvb: { lvd1689m: web, eupe_lvd1689m: eupe },
  vit_small_plus_patch16_dinov3: { lvd1689m: web },
  vit_small_plus_patch16_dinov3_qkvb: { lvd1689m: web },
  vit_base_patch16_dinov3: { lvd1689m: web },
  vit_base_patch16_dinov3_qkvb: { lvd1689m: web, eupe_lvd1689m: eupe },
  vit_large_patch16_dinov3: { lvd1689m: web, sat493m: satellite },
  vit_large_patch16_dinov3_qkvb: { lvd1689m: web, sat493m: satellite },
  vit_huge_plus_patch16_dinov3: { lvd1689m: web },
  vit_huge_plus_patch16_dinov3_qkvb: { lvd1689m: web },
  vit_7b_patch16_dinov3: { lvd1689m: web, sat493m: satellite },
};
