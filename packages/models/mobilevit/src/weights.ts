// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes and `preparation` below.

import type { Preparation, PretrainedRow } from "@vitrine/core";

/** How most of the family's images are prepared: pixels stay in 0 to 1. */
export const preparation: Preparation = {
  cropPct: 0.9,
  cropMode: "center",
  interpolation: "bicubic",
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

const license = "cvnets-license";
const first = { cvnets_in1k: { license } };
const second = { cvnets_in1k: { license, cropPct: 0.888 } };
const large = {
  ...second,
  cvnets_in22k_ft_in1k: { license, cropPct: 0.888 },
  cvnets_in22k_ft_in1k_384: { license, cropPct: 1, imgSize: 384 },
};

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  mobilevit_xxs: first,
  mobilevit_xs: first,
  mobilevit_s: first,

  mobilevitv2_050: second,
  mobilevitv2_075: second,
  mobilevitv2_100: second,
  mobilevitv2_125: second,
  mobilevitv2_150: large,
  mobilevitv2_175: large,
  mobilevitv2_200: large,
};
