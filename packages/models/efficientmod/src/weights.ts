// How images are prepared. The authors publish checkpoints outside the hubs, as PyTorch files, so none can be named here.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** The reference's evaluation script. */
export const preparation: Preparation = {
  cropPct: 224 / 256,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {};
