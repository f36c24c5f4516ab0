// The authors' checkpoints (DeiT-256, -S and -B) are in a cloud folder, not on a hub: there is nothing to list. How to turn one
// into a file that loads is in README.md.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {};
