// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and `preparation` below.

import {
  clipMean,
  clipStd,
  imagenetMean,
  imagenetStd,
  inceptionMean,
  inceptionStd,
  type Preparation,
  type PretrainedRow,
} from "@vitrine/core";

/** How most of the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.9,
  cropMode: "center",
  interpolation: "bicubic",
  mean: inceptionMean,
  std: inceptionStd,
};

const imagenet = { mean: imagenetMean, std: imagenetStd };
const clip = { mean: clipMean, std: clipStd };
const unit = { mean: [0, 0, 0], std: [1, 1, 1] };

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  vit_tiny_patch16_224: {
    augreg_in21k_ft_in1k: {},
    augreg_in21k: { numClasses: 21843 },
  },
  vit_tiny_patch16_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
  },
  vit_small_patch16_224: {
    augreg_in21k_ft_in1k: {},
    augreg_in1k: {},
    augreg_in21k: { numClasses: 21843 },
    dino: { ...imagenet, numClasses: 0 },
  },
  vit_small_patch16_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
    augreg_in1k: { cropPct: 1 },
  },
  vit_small_patch32_224: {
    augreg_in21k_ft_in1k: {},
    augreg_in21k: { numClasses: 21843 },
  },
  vit_small_patch32_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
  },
  vit_small_patch8_224: {
    dino: { ...imagenet, numClasses: 0 },
  },
  vit_base_patch16_224: {
    augreg2_in21k_ft_in1k: {},
    augreg_in21k_ft_in1k: {},
    orig_in21k_ft_in1k: {},
    augreg_in1k: {},
    orig_in21k: { numClasses: 0 },
    augreg_in21k: { numClasses: 21843 },
    sam_in1k: {},
    bamboo: { ...clip, license: "unspecified", numClasses: 115217, cropPct: 1 },
    dino: { ...imagenet, numClasses: 0 },
    mae: { ...imagenet, license: "cc-by-nc-4.0", numClasses: 0 },
  },
  vit_base_patch16_224_miil: {
    in21k: { ...unit, numClasses: 11221, cropPct: 0.875, interpolation: "bilinear" },
    in21k_ft_in1k: { ...unit, cropPct: 0.875, interpolation: "bilinear" },
  },
  vit_base_patch16_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
    orig_in21k_ft_in1k: { cropPct: 1 },
    augreg_in1k: { cropPct: 1 },
  },
  vit_base_patch32_224: {
    augreg_in21k_ft_in1k: {},
    augreg_in1k: {},
    orig_in21k: { numClasses: 0 },
    augreg_in21k: { numClasses: 21843 },
    sam_in1k: {},
  },
  vit_base_patch32_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
    augreg_in1k: { cropPct: 1 },
  },
  vit_base_patch8_224: {
    augreg2_in21k_ft_in1k: {},
    augreg_in21k_ft_in1k: {},
    augreg_in21k: { numClasses: 21843 },
    dino: { ...imagenet, numClasses: 0 },
  },
  vit_large_patch16_224: {
    augreg_in21k_ft_in1k: {},
    orig_in21k: { numClasses: 0 },
    augreg_in21k: { numClasses: 21843 },
    mae: { ...imagenet, license: "cc-by-nc-4.0", numClasses: 0 },
  },
  vit_large_patch16_384: {
    augreg_in21k_ft_in1k: { cropPct: 1 },
  },
  vit_large_patch32_224: {
    orig_in21k: { numClasses: 0 },
  },
  vit_large_patch32_384: {
    orig_in21k_ft_in1k: { cropPct: 1 },
  },
  vit_huge_patch14_224: {
    orig_in21k: { numClasses: 0 },
    mae: { ...imagenet, license: "cc-by-nc-4.0", numClasses: 0 },
  },
  vit_wee_patch16_reg1_gap_256: {
    sbb_in1k: { cropPct: 0.95 },
  },
  vit_little_patch16_reg1_gap_256: {
    sbb_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_little_patch16_reg4_gap_256: {
    sbb_in1k: { cropPct: 0.95 },
  },
  vit_medium_patch16_gap_240: {
    sw_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_medium_patch16_gap_256: {
    sw_in12k_ft_in1k: { cropPct: 0.95 },
  },
  vit_medium_patch16_gap_384: {
    sw_in12k_ft_in1k: { cropPct: 0.95, cropMode: "squash" },
  },
  vit_medium_patch16_reg1_gap_256: {
    sbb_in1k: { cropPct: 0.95 },
  },
  vit_medium_patch16_reg4_gap_256: {
    sbb_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_in1k: { cropPct: 0.95 },
    sbb_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_mediumd_patch16_reg4_gap_256: {
    sbb2_e200_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_in12k_ft_in1k: { cropPct: 0.95 },
    sbb2_e200_in12k: { numClasses: 11821, cropPct: 0.95 },
    sbb_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_mediumd_patch16_reg4_gap_384: {
    sbb2_e200_in12k_ft_in1k: { cropPct: 1 },
  },
  vit_betwixt_patch16_reg1_gap_256: {
    sbb_in1k: { cropPct: 0.95 },
  },
  vit_betwixt_patch16_reg4_gap_256: {
    sbb2_e200_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_in1k: { cropPct: 0.95 },
    sbb2_e200_in12k: { numClasses: 11821, cropPct: 0.95 },
    sbb_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_betwixt_patch16_reg4_gap_384: {
    sbb2_e200_in12k_ft_in1k: { cropPct: 1 },
  },
  vit_so150m_patch16_reg4_gap_256: {
    sbb_e250_in12k_ft_in1k: { cropPct: 0.95 },
    sbb_e250_in12k: { numClasses: 11821, cropPct: 0.95 },
  },
  vit_so150m_patch16_reg4_gap_384: {
    sbb_e250_in12k_ft_in1k: { cropPct: 1 },
  },
  vit_so150m2_patch16_reg1_gap_256: {
    sbb_e200_in12k_ft_in1k: { cropPct: 1 },
    sbb_e200_in12k: { numClasses: 11821, cropPct: 1 },
  },
  vit_so150m2_patch16_reg1_gap_384: {
    sbb_e200_in12k_ft_in1k: { cropPct: 1 },
  },
  vit_so150m2_patch16_reg1_gap_448: {
    sbb_e200_in12k_ft_in1k: { cropPct: 1, cropMode: "squash" },
  },
  vit_small_patch14_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_small_patch14_reg4_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_base_patch14_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_base_patch14_reg1_tipsv2: {
    webli: { ...unit, numClasses: 0, cropPct: 1 },
  },
  vit_base_patch14_reg4_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_base_patch16_radio_v3: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_large_patch14_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_large_patch14_reg1_tipsv2: {
    webli: { ...unit, numClasses: 0, cropPct: 1 },
  },
  vit_large_patch14_reg4_dinov2: {
    lvd142m: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_large_patch16_radio_v3: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_intern300m_patch14_448: {
    ogvl_dist: { ...imagenet, license: "mit", numClasses: 0, cropPct: 1 },
    ogvl_2pt5: { ...imagenet, numClasses: 0, cropPct: 1 },
  },
  vit_so400m_patch14_reg1_tipsv2: {
    webli: { ...unit, numClasses: 0, cropPct: 1 },
  },
  vit_so400m_patch16_radio_v4: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_huge_patch16_radio_v3: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_huge_patch16_radio_v4: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_giant_patch16_radio_v3: {
    c_radio: { ...clip, license: "nvidia-open-model-license", numClasses: 0, cropPct: 1 },
  },
  vit_xsmall_patch16_clip_224: {
    tinyclip_yfcc15m: { ...clip, license: "mit", numClasses: 512 },
  },
  vit_medium_patch16_clip_224: {
    tinyclip_yfcc15m: { ...clip, license: "mit", numClasses: 512 },
  },
  vit_medium_patch32_clip_224: {
    tinyclip_laion400m: { ...clip, license: "mit", numClasses: 512 },
  },
  vit_betwixt_patch32_clip_224: {
    tinyclip_laion400m: { ...clip, license: "mit", numClasses: 512 },
  },
  vit_base_patch16_clip_224: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 0.95 },
    openai_ft_in12k_in1k: { ...clip, cropPct: 0.95 },
    laion2b_ft_in1k: { ...clip, cropPct: 1 },
    openai_ft_in1k: { ...clip },
    laion2b_ft_in12k: { ...clip, numClasses: 11821 },
    openai_ft_in12k: { ...clip, numClasses: 11821 },
    laion2b: { ...clip, numClasses: 512, cropPct: 1 },
    laion400m_e32: { ...clip, license: "mit", numClasses: 512, cropPct: 1 },
    datacompxl: { ...clip, numClasses: 512, cropPct: 1 },
    dfn2b: { ...clip, license: "apple-ascl", numClasses: 512, cropPct: 1 },
    metaclip_2pt5b: { ...clip, license: "cc-by-nc-4.0", numClasses: 512, cropPct: 1 },
    metaclip_400m: { ...clip, license: "cc-by-nc-4.0", numClasses: 512, cropPct: 1 },
    openai: { ...clip, numClasses: 512 },
  },
  vit_base_patch16_clip_384: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 1, cropMode: "squash" },
    openai_ft_in12k_in1k: { ...clip, cropPct: 0.95, cropMode: "squash" },
    laion2b_ft_in1k: { ...clip, cropPct: 1, cropMode: "squash" },
    openai_ft_in1k: { ...clip, cropPct: 1, cropMode: "squash" },
  },
  vit_base_patch16_clip_quickgelu_224: {
    metaclip_2pt5b: {
      ...clip,
      hub: "timm/vit_base_patch16_clip_224.metaclip_2pt5b",
      license: "cc-by-nc-4.0",
      numClasses: 512,
      cropPct: 1,
    },
    metaclip_400m: {
      ...clip,
      hub: "timm/vit_base_patch16_clip_224.metaclip_400m",
      license: "cc-by-nc-4.0",
      numClasses: 512,
      cropPct: 1,
    },
    openai: { ...clip, hub: "timm/vit_base_patch16_clip_224.openai", numClasses: 512 },
  },
  vit_base_patch16_plus_clip_240: {
    laion400m_e32: { ...clip, license: "mit", numClasses: 640, cropPct: 1 },
  },
  vit_base_patch32_clip_224: {
    laion2b_ft_in12k_in1k: { ...clip },
    laion2b_ft_in1k: { ...clip },
    openai_ft_in1k: { ...clip },
    laion2b: { ...clip, numClasses: 512 },
    laion400m_e32: { ...clip, license: "mit", numClasses: 512 },
    datacompxl: { ...clip, numClasses: 512, cropPct: 1 },
    metaclip_2pt5b: { ...clip, license: "cc-by-nc-4.0", numClasses: 512, cropPct: 1 },
    metaclip_400m: { ...clip, license: "cc-by-nc-4.0", numClasses: 512, cropPct: 1 },
    openai: { ...clip, numClasses: 512 },
  },
  vit_base_patch32_clip_256: {
    datacompxl: { ...clip, numClasses: 512, cropPct: 1 },
  },
  vit_base_patch32_clip_384: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 1 },
    openai_ft_in12k_in1k: { ...clip, cropPct: 0.95, cropMode: "squash" },
  },
  vit_base_patch32_clip_448: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 1 },
  },
  vit_base_patch32_clip_quickgelu_224: {
    laion400m_e32: { ...clip, hub: "timm/vit_base_patch32_clip_224.laion400m_e32", license: "mit", numClasses: 512 },
    metaclip_2pt5b: {
      ...clip,
      hub: "timm/vit_base_patch32_clip_224.metaclip_2pt5b",
      license: "cc-by-nc-4.0",
      numClasses: 512,
      cropPct: 1,
    },
    metaclip_400m: {
      ...clip,
      hub: "timm/vit_base_patch32_clip_224.metaclip_400m",
      license: "cc-by-nc-4.0",
      numClasses: 512,
      cropPct: 1,
    },
    openai: { ...clip, hub: "timm/vit_base_patch32_clip_224.openai", numClasses: 512 },
  },
  vit_large_patch14_clip_224: {
    laion2b_ft_in12k_in1k: { cropPct: 1 },
    openai_ft_in12k_in1k: { ...clip, cropPct: 1 },
    laion2b_ft_in1k: { cropPct: 1 },
    openai_ft_in1k: { ...clip, cropPct: 1 },
    laion2b_ft_in12k: { numClasses: 11821, cropPct: 1 },
    openai_ft_in12k: { ...clip, numClasses: 11821, cropPct: 1 },
    laion2b: { numClasses: 768, cropPct: 1 },
    laion400m_e32: { ...clip, license: "mit", numClasses: 768, cropPct: 1 },
    datacompxl: { ...clip, numClasses: 768, cropPct: 1 },
    dfn2b_s39b: { ...clip, license: "apple-ascl", numClasses: 768, cropPct: 1 },
    dfn2b: { ...clip, license: "apple-ascl", numClasses: 768, cropPct: 1 },
    metaclip_2pt5b: { ...clip, license: "cc-by-nc-4.0", numClasses: 768, cropPct: 1 },
    metaclip_400m: { ...clip, license: "cc-by-nc-4.0", numClasses: 768, cropPct: 1 },
    openai: { ...clip, numClasses: 768, cropPct: 1 },
    apple_mclip2_dfndr2b: { ...clip, license: "apple-amlr", numClasses: 768, cropPct: 1 },
  },
  vit_large_patch14_clip_336: {
    laion2b_ft_in12k_in1k: { cropPct: 1, cropMode: "squash" },
    openai_ft_in12k_in1k: { ...clip, cropPct: 1, cropMode: "squash" },
    laion2b_ft_in1k: { cropPct: 1, cropMode: "squash" },
    openai: { ...clip, numClasses: 768, cropPct: 1 },
  },
  vit_large_patch14_clip_quickgelu_224: {
    dfn2b: {
      ...clip,
      hub: "timm/vit_large_patch14_clip_224.dfn2b",
      license: "apple-ascl",
      numClasses: 768,
      cropPct: 1,
    },
    metaclip_2pt5b: {
      ...clip,
      hub: "timm/vit_large_patch14_clip_224.metaclip_2pt5b",
      license: "cc-by-nc-4.0",
      numClasses: 768,
      cropPct: 1,
    },
    metaclip_400m: {
      ...clip,
      hub: "timm/vit_large_patch14_clip_224.metaclip_400m",
      license: "cc-by-nc-4.0",
      numClasses: 768,
      cropPct: 1,
    },
    openai: { ...clip, hub: "timm/vit_large_patch14_clip_224.openai", numClasses: 768, cropPct: 1 },
  },
  vit_large_patch14_clip_quickgelu_336: {
    openai: { ...clip, hub: "timm/vit_large_patch14_clip_336.openai", numClasses: 768, cropPct: 1 },
  },
  vit_huge_patch14_clip_224: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 1 },
    laion2b_ft_in1k: { ...clip, cropPct: 1 },
    laion2b_ft_in12k: { ...clip, numClasses: 11821, cropPct: 1 },
    laion2b: { ...clip, numClasses: 1024, cropPct: 1 },
    dfn5b: { ...clip, license: "apple-ascl", numClasses: 1024, cropPct: 1 },
    metaclip2_worldwide: { ...clip, license: "cc-by-nc-4.0", numClasses: 1024, cropPct: 1 },
    metaclip_2pt5b: { ...clip, license: "cc-by-nc-4.0", numClasses: 1024, cropPct: 1 },
    metaclip_altogether: { ...clip, license: "cc-by-nc-4.0", numClasses: 1024, cropPct: 1 },
  },
  vit_huge_patch14_clip_336: {
    laion2b_ft_in12k_in1k: { ...clip, cropPct: 1, cropMode: "squash" },
  },
  vit_huge_patch14_clip_378: {
    dfn5b: { ...clip, license: "apple-ascl", numClasses: 1024, cropPct: 1 },
    metaclip2_worldwide: { ...clip, license: "cc-by-nc-4.0", numClasses: 1024, cropPct: 1, cropMode: "squash" },
  },
  vit_huge_patch14_clip_quickgelu_224: {
    dfn5b: {
      ...clip,
      hub: "timm/vit_huge_patch14_clip_224.dfn5b",
      license: "apple-ascl",
      numClasses: 1024,
      cropPct: 1,
    },
    metaclip2_worldwide: {
      ...clip,
      hub: "timm/vit_huge_patch14_clip_224.metaclip2_worldwide",
      license: "cc-by-nc-4.0",
      numClasses: 1024,
      cropPct: 1,
    },
    metaclip_2pt5b: {
      ...clip,
      hub: "timm/vit_huge_patch14_clip_224.metaclip_2pt5b",
      license: "cc-by-nc-4.0",
      numClasses: 1024,
      cropPct: 1,
    },
  },
  vit_huge_patch14_clip_quickgelu_378: {
    dfn5b: {
      ...clip,
      hub: "timm/vit_huge_patch14_clip_378.dfn5b",
      license: "apple-ascl",
      numClasses: 1024,
      cropPct: 1,
    },
  },
  vit_giant_patch14_clip_224: {
    laion2b: { ...clip, numClasses: 1024, cropPct: 1 },
  },
  vit_gigantic_patch14_clip_224: {
    laion2b: { ...clip, numClasses: 1280, cropPct: 1 },
    metaclip2_worldwide: { ...clip, license: "cc-by-nc-4.0", numClasses: 1280, cropPct: 1 },
    metaclip_2pt5b: { ...clip, license: "cc-by-nc-4.0", numClasses: 1280, cropPct: 1 },
  },
  vit_gigantic_patch14_clip_378: {
    metaclip2_worldwide: { ...clip, license: "cc-by-nc-4.0", numClasses: 1280, cropPct: 1, cropMode: "squash" },
  },
  vit_gigantic_patch14_clip_quickgelu_224: {
    metaclip_2pt5b: {
      ...clip,
      hub: "timm/vit_gigantic_patch14_clip_224.metaclip_2pt5b",
      license: "cc-by-nc-4.0",
      numClasses: 1280,
      cropPct: 1,
    },
  },
  vit_base_patch16_siglip_224: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch16_siglip_256: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
    webli_i18n: { numClasses: 0 },
  },
  vit_base_patch16_siglip_384: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch16_siglip_512: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch16_siglip_gap_224: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch16_siglip_gap_256: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
    webli_i18n: { numClasses: 0 },
  },
  vit_base_patch16_siglip_gap_384: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch16_siglip_gap_512: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_base_patch32_siglip_256: {
    v2_webli: { numClasses: 0 },
  },
  vit_base_patch32_siglip_gap_256: {
    v2_webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_256: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_384: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_512: {
    v2_webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_gap_256: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_gap_384: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_large_patch16_siglip_gap_512: {
    v2_webli: { numClasses: 0 },
  },
  vit_so400m_patch14_siglip_224: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
  },
  vit_so400m_patch14_siglip_378: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
    webli_ft_in1k: { cropPct: 1, cropMode: "squash" },
  },
  vit_so400m_patch14_siglip_gap_224: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0 },
    pali_mix: { numClasses: 0 },
    pali_pt: { numClasses: 0 },
    pali2_3b_pt: { numClasses: 0 },
    pali2_10b_pt: { numClasses: 0 },
  },
  vit_so400m_patch14_siglip_gap_378: {
    v2_webli: { numClasses: 0 },
    webli: { numClasses: 0, cropPct: 1 },
    webli_ft_in1k: { cropPct: 1, cropMode: "squash" },
  },
  vit_so400m_patch14_siglip_gap_448: {
    pali_mix: { numClasses: 0, cropPct: 1 },
    pali_pt: { numClasses: 0, cropPct: 1 },
    pali_refcoco_seg: { numClasses: 0, cropPct: 1 },
    pali_ocrvqa: { numClasses: 0, cropPct: 1 },
    pali2_3b_pt: { numClasses: 0, cropPct: 1 },
    pali2_10b_pt: { numClasses: 0, cropPct: 1 },
    pali2_3b_docci: { numClasses: 0, cropPct: 1 },
    pali2_10b_docci: { numClasses: 0, cropPct: 1 },
  },
  vit_so400m_patch14_siglip_gap_896: {
    pali_pt: { numClasses: 0, cropPct: 1 },
    pali_refcoco_seg: { numClasses: 0, cropPct: 1 },
    pali_ocrvqa: { numClasses: 0, cropPct: 1 },
    pali2_3b_pt: { numClasses: 0, cropPct: 1 },
    pali2_10b_pt: { numClasses: 0, cropPct: 1 },
  },
  vit_so400m_patch16_siglip_256: {
    v2_webli: { numClasses: 0 },
    webli_i18n: { numClasses: 0 },
  },
  vit_so400m_patch16_siglip_384: {
    v2_webli: { numClasses: 0 },
  },
  vit_so400m_patch16_siglip_512: {
    v2_webli: { numClasses: 0 },
  },
  vit_so400m_patch16_siglip_gap_256: {
    v2_webli: { numClasses: 0 },
    webli_i18n: { numClasses: 0 },
  },
  vit_so400m_patch16_siglip_gap_384: {
    v2_webli: { numClasses: 0 },
  },
  vit_so400m_patch16_siglip_gap_512: {
    v2_webli: { numClasses: 0 },
  },
  vit_giantopt_patch16_siglip_256: {
    v2_webli: { numClasses: 0 },
  },
  vit_giantopt_patch16_siglip_384: {
    v2_webli: { numClasses: 0 },
  },
  vit_giantopt_patch16_siglip_gap_256: {
    v2_webli: { numClasses: 0 },
  },
  vit_giantopt_patch16_siglip_gap_384: {
    v2_webli: { numClasses: 0 },
  },
  eva_large_patch14_196: {
    in22k_ft_in22k_in1k: { ...clip, license: "mit", cropPct: 1 },
    in22k_ft_in1k: { ...clip, license: "mit", cropPct: 1 },
  },
  eva_large_patch14_336: {
    in22k_ft_in22k_in1k: { ...clip, license: "mit", cropPct: 1, cropMode: "squash" },
    in22k_ft_in1k: { ...clip, license: "mit", cropPct: 1, cropMode: "squash" },
  },
  flexivit_base: {
    "1200ep_in1k": { cropPct: 0.95 },
    "600ep_in1k": { cropPct: 0.95 },
    "300ep_in1k": { cropPct: 0.95 },
    "1000ep_in21k": { numClasses: 21843, cropPct: 0.95 },
    "300ep_in21k": { numClasses: 21843, cropPct: 0.95 },
    patch16_in21k: { numClasses: 21843, cropPct: 0.95 },
    patch30_in21k: { numClasses: 21843, cropPct: 0.95 },
  },
  flexivit_large: {
    "1200ep_in1k": { cropPct: 0.95 },
    "600ep_in1k": { cropPct: 0.95 },
    "300ep_in1k": { cropPct: 0.95 },
  },
  flexivit_small: {
    "1200ep_in1k": { cropPct: 0.95 },
    "600ep_in1k": { cropPct: 0.95 },
    "300ep_in1k": { cropPct: 0.95 },
  },
  test_vit: {
    r160_in1k: { cropPct: 0.95 },
  },
  test_vit2: {
    r160_in1k: { cropPct: 0.95 },
  },
  test_vit3: {
    r160_in1k: { cropPct: 0.95 },
  },
};
