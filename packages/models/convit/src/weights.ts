// Published checkpoints by variant and tag, as timm lists them. Heads for 1000 classes, the licence Apache-2.0.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  convit_tiny: { fb_in1k: {} },
  convit_small: { fb_in1k: {} },
  convit_base: { fb_in1k: {} },
};
