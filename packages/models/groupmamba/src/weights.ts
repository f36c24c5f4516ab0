// Published checkpoints. The authors publish theirs as PyTorch files, which the README tells how to load; none is in a form
// that could be fetched as it is.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How the authors prepare images for evaluation: the shorter side to 256 pixels, of which 224 are cut out. */
export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {};
