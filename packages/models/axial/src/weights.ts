// The authors publish axial26s as a file of their own, not on the hub; images are prepared as their code does it.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bilinear",
  mean: imagenetMean,
  std: imagenetStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {};
