// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and `preparation` below.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How most of the images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.9,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

const mit = { license: "mit" };
const whole = { ...mit, cropPct: 1 };
const in22k = { numClasses: 21841 };

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  swin_tiny_patch4_window7_224: { ms_in1k: mit, ms_in22k_ft_in1k: mit, ms_in22k: { ...mit, ...in22k } },
  swin_small_patch4_window7_224: { ms_in22k_ft_in1k: mit, ms_in1k: mit, ms_in22k: { ...mit, ...in22k } },
  swin_base_patch4_window7_224: { ms_in22k_ft_in1k: mit, ms_in1k: mit, ms_in22k: { ...mit, ...in22k } },
  swin_base_patch4_window12_384: { ms_in22k_ft_in1k: whole, ms_in1k: whole, ms_in22k: { ...whole, ...in22k } },
  swin_large_patch4_window7_224: { ms_in22k_ft_in1k: mit, ms_in22k: { ...mit, ...in22k } },
  swin_large_patch4_window12_384: { ms_in22k_ft_in1k: whole, ms_in22k: { ...whole, ...in22k } },
  swin_s3_tiny_224: { ms_in1k: mit },
  swin_s3_small_224: { ms_in1k: mit },
  swin_s3_base_224: { ms_in1k: mit },

  swinv2_tiny_window8_256: { ms_in1k: mit },
  swinv2_tiny_window16_256: { ms_in1k: mit },
  swinv2_small_window8_256: { ms_in1k: mit },
  swinv2_small_window16_256: { ms_in1k: mit },
  swinv2_base_window8_256: { ms_in1k: mit },
  swinv2_base_window16_256: { ms_in1k: mit },
  swinv2_base_window12_192: { ms_in22k: { ...mit, ...in22k } },
  swinv2_base_window12to16_192to256: { ms_in22k_ft_in1k: mit },
  swinv2_base_window12to24_192to384: { ms_in22k_ft_in1k: whole },
  swinv2_large_window12_192: { ms_in22k: { ...mit, ...in22k } },
  swinv2_large_window12to16_192to256: { ms_in22k_ft_in1k: mit },
  swinv2_large_window12to24_192to384: { ms_in22k_ft_in1k: whole },

  swinv2_cr_tiny_ns_224: { sw_in1k: {} },
  swinv2_cr_small_224: { sw_in1k: {} },
  swinv2_cr_small_ns_224: { sw_in1k: {} },
};
