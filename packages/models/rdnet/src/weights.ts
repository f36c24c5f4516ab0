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

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  rdnet_tiny: { nv_in1k: { hub: "naver-ai/rdnet_tiny.nv_in1k" } },
  rdnet_small: { nv_in1k: { hub: "naver-ai/rdnet_small.nv_in1k" } },
  rdnet_base: { nv_in1k: { hub: "naver-ai/rdnet_base.nv_in1k" } },
  rdnet_large: {
    nv_in1k: { hub: "naver-ai/rdnet_large.nv_in1k" },
    nv_in1k_ft_in1k_384: { hub: "naver-ai/rdnet_large.nv_in1k_ft_in1k_384", cropPct: 1, imgSize: 384 },
  },
};
