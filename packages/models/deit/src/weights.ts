// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and `preparation` below.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How most of the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.9,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

const whole = { cropPct: 1 };

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  deit_tiny_patch16_224: { fb_in1k: {} },
  deit_small_patch16_224: { fb_in1k: {} },
  deit_base_patch16_224: { fb_in1k: {} },
  deit_base_patch16_384: { fb_in1k: whole },

  deit_tiny_distilled_patch16_224: { fb_in1k: {} },
  deit_small_distilled_patch16_224: { fb_in1k: {} },
  deit_base_distilled_patch16_224: { fb_in1k: {} },
  deit_base_distilled_patch16_384: { fb_in1k: whole },

  deit3_small_patch16_224: { fb_in1k: {}, fb_in22k_ft_in1k: whole },
  deit3_small_patch16_384: { fb_in1k: whole, fb_in22k_ft_in1k: whole },
  deit3_medium_patch16_224: { fb_in1k: {}, fb_in22k_ft_in1k: whole },
  deit3_base_patch16_224: { fb_in1k: {}, fb_in22k_ft_in1k: whole },
  deit3_base_patch16_384: { fb_in1k: whole, fb_in22k_ft_in1k: whole },
  deit3_large_patch16_224: { fb_in1k: {}, fb_in22k_ft_in1k: whole },
  deit3_large_patch16_384: { fb_in1k: whole, fb_in22k_ft_in1k: whole },
  deit3_huge_patch14_224: { fb_in1k: {}, fb_in22k_ft_in1k: whole },
};
