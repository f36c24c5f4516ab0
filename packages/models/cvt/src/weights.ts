// Published checkpoints by variant and tag; the first is the usual one. They are Microsoft's on the Hugging Face hub, trained
// on ImageNet-1k, or first on ImageNet-22k.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How images of 224 are prepared. */
export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

/** Images of 384 are resized as a whole, whatever their shape. */
const whole = { cropPct: 1, cropMode: "squash" } as const;

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  cvt_13: { in1k: { hub: "microsoft/cvt-13" } },
  cvt_13_384: {
    in22k_ft_in1k: { ...whole, hub: "microsoft/cvt-13-384-22k" },
    in1k: { ...whole, hub: "microsoft/cvt-13-384" },
  },
  cvt_21: { in1k: { hub: "microsoft/cvt-21" } },
  cvt_21_384: {
    in22k_ft_in1k: { ...whole, hub: "microsoft/cvt-21-384-22k" },
    in1k: { ...whole, hub: "microsoft/cvt-21-384" },
  },
  cvt_w24_384: { in22k_ft_in1k: { ...whole, hub: "microsoft/cvt-w24-384-22k" } },
};
