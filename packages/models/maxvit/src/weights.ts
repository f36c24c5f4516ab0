// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and `preparation` below.

import {
  imagenetMean,
  imagenetStd,
  inceptionMean,
  inceptionStd,
  type Preparation,
  type PretrainedRow,
} from "@vitrine/core";

/** How most of the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.95,
  cropMode: "center",
  interpolation: "bicubic",
  mean: inceptionMean,
  std: inceptionStd,
};

const imagenet = { mean: imagenetMean, std: imagenetStd };
const whole = { cropPct: 1, cropMode: "squash" } as const;

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  coatnet_nano_rw_224: { sw_in1k: { cropPct: 0.9 } },
  coatnet_0_rw_224: { sw_in1k: {} },
  coatnet_1_rw_224: { sw_in1k: {} },
  coatnet_2_rw_224: {
    sw_in12k_ft_in1k: {},
    sw_in12k: { numClasses: 11821 },
  },
  coatnet_3_rw_224: { sw_in12k: { numClasses: 11821 } },
  coatnet_bn_0_rw_224: { sw_in1k: { ...imagenet } },
  coatnet_rmlp_nano_rw_224: { sw_in1k: { cropPct: 0.9 } },
  coatnet_rmlp_1_rw_224: { sw_in1k: {} },
  coatnet_rmlp_1_rw2_224: {
    sw_in12k_ft_in1k: {},
    sw_in12k: { numClasses: 11821 },
  },
  coatnet_rmlp_2_rw_224: {
    sw_in12k_ft_in1k: {},
    sw_in1k: {},
    sw_in12k: { numClasses: 11821 },
  },
  coatnet_rmlp_2_rw_384: { sw_in12k_ft_in1k: { ...whole } },
  coatnext_nano_rw_224: { sw_in1k: { cropPct: 0.9 } },
  maxvit_nano_rw_256: { sw_in1k: {} },
  maxvit_tiny_rw_224: { sw_in1k: {} },
  maxvit_rmlp_pico_rw_256: { sw_in1k: {} },
  maxvit_rmlp_nano_rw_256: { sw_in1k: {} },
  maxvit_rmlp_tiny_rw_256: { sw_in1k: {} },
  maxvit_rmlp_small_rw_224: { sw_in1k: { cropPct: 0.9 } },
  maxvit_rmlp_base_rw_224: {
    sw_in12k_ft_in1k: {},
    sw_in12k: { numClasses: 11821 },
  },
  maxvit_rmlp_base_rw_384: { sw_in12k_ft_in1k: { ...whole } },
  maxxvit_rmlp_nano_rw_256: { sw_in1k: {} },
  maxxvit_rmlp_small_rw_256: { sw_in1k: {} },
  maxxvitv2_nano_rw_256: { sw_in1k: {} },
  maxxvitv2_rmlp_base_rw_224: {
    sw_in12k_ft_in1k: {},
    sw_in12k: { numClasses: 11821 },
  },
  maxxvitv2_rmlp_base_rw_384: { sw_in12k_ft_in1k: { ...whole } },
  maxvit_tiny_tf_224: { in1k: { ...imagenet } },
  maxvit_tiny_tf_384: { in1k: { ...whole } },
  maxvit_tiny_tf_512: { in1k: { ...whole } },
  maxvit_small_tf_224: { in1k: { ...imagenet } },
  maxvit_small_tf_384: { in1k: { ...whole } },
  maxvit_small_tf_512: { in1k: { ...whole } },
  maxvit_base_tf_224: {
    in1k: { ...imagenet },
    in21k: { numClasses: 21843 },
  },
  maxvit_base_tf_384: {
    in1k: { ...whole },
    in21k_ft_in1k: { ...whole },
  },
  maxvit_base_tf_512: {
    in1k: { ...whole },
    in21k_ft_in1k: { ...whole },
  },
  maxvit_large_tf_224: {
    in1k: { ...imagenet },
    in21k: { numClasses: 21843 },
  },
  maxvit_large_tf_384: {
    in1k: { ...whole },
    in21k_ft_in1k: { ...whole },
  },
  maxvit_large_tf_512: {
    in1k: { ...whole },
    in21k_ft_in1k: { ...whole },
  },
  maxvit_xlarge_tf_224: { in21k: { numClasses: 21843 } },
  maxvit_xlarge_tf_384: { in21k_ft_in1k: { ...whole } },
  maxvit_xlarge_tf_512: { in21k_ft_in1k: { ...whole } },
};
