// There are no published checkpoints; how images are prepared is that of timm's ViT of the same sizes, whose checkpoints are
// a start for these.

import { inceptionMean, inceptionStd, type Preparation, type PretrainedRow } from "@vitrine/core";

export const preparation: Preparation = {
  cropPct: 0.9,
  cropMode: "center",
  interpolation: "bicubic",
  mean: inceptionMean,
  std: inceptionStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {};
