// Every size in one place, under timm's names. What a row leaves out is the base model: 768 wide, 12 blocks, 12 heads, patches
// of 16, images of 224, a class token.

import type { ViTConfig } from "./model.ts";

const tiny = { embedDim: 192, numHeads: 3 };
const small = { embedDim: 384, numHeads: 6 };
const medium = { embedDim: 512, numHeads: 8 };
const mediumDeep = { embedDim: 512, depth: 20, numHeads: 8 };
const little = { embedDim: 320, depth: 14, numHeads: 5, mlpRatio: 5.6 };
const wee = { embedDim: 256, depth: 14, numHeads: 4, mlpRatio: 5 };
const betwixt = { embedDim: 640, numHeads: 10 };
const plus = { embedDim: 896, numHeads: 14 };
const large = { embedDim: 1024, depth: 24, numHeads: 16 };
const huge = { embedDim: 1280, depth: 32, numHeads: 16 };
const giant = { embedDim: 1408, depth: 40, numHeads: 16, mlpRatio: 48 / 11 };
const gigantic = { embedDim: 1664, depth: 48, numHeads: 16, mlpRatio: 64 / 13 };
const so150m = { embedDim: 896, depth: 18, numHeads: 14, mlpRatio: 2.572 };
const so150m2 = { embedDim: 832, depth: 21, numHeads: 13, mlpRatio: 2.6153846153846154 };
const giantOpt = { embedDim: 1536, depth: 40, numHeads: 16 };
const so400m = { embedDim: 1152, depth: 27, numHeads: 16, mlpRatio: 3.7362 };

const clip = { preNorm: true, normEps: 1e-5 } as const;
const mapPool = { classToken: false, globalPool: "map" } as const;
const gap = { classToken: false, globalPool: "avg" } as const;
const dinov2 = { patchSize: 14, imgSize: 518, initValues: 1e-5 } as const;
const registers = { regTokens: 4, noEmbedClass: true } as const;

export const sizes = {
  // Class token, trained with labels.
  vit_tiny_patch16_224: { ...tiny },
  vit_tiny_patch16_384: { ...tiny, imgSize: 384 },
  vit_small_patch16_224: { ...small },
  vit_small_patch16_36x1_224: { ...small, depth: 36, initValues: 1e-5 },
  vit_small_patch16_384: { ...small, imgSize: 384 },
  vit_small_patch32_224: { ...small, patchSize: 32 },
  vit_small_patch32_384: { ...small, patchSize: 32, imgSize: 384 },
  vit_small_patch8_224: { ...small, patchSize: 8 },
  vit_base_patch16_224: {},
  vit_base_patch16_224_miil: { qkvBias: false },
  vit_base_patch16_384: { imgSize: 384 },
  vit_base_patch16_plus_240: { ...plus, initValues: 1e-5, imgSize: 240 },
  vit_base_patch32_224: { patchSize: 32 },
  vit_base_patch32_384: { patchSize: 32, imgSize: 384 },
  vit_base_patch32_plus_256: { ...plus, patchSize: 32, initValues: 1e-5, imgSize: 256 },
  vit_base_patch8_224: { patchSize: 8 },
  vit_large_patch14_224: { ...large, patchSize: 14 },
  vit_large_patch16_224: { ...large },
  vit_large_patch16_384: { ...large, imgSize: 384 },
  vit_large_patch32_224: { ...large, patchSize: 32 },
  vit_large_patch32_384: { ...large, patchSize: 32, imgSize: 384 },
  vit_huge_patch14_224: { ...huge, patchSize: 14 },
  vit_giant_patch14_224: { ...giant, patchSize: 14 },
  vit_gigantic_patch14_224: { ...gigantic, patchSize: 14 },

  // Mean or attention pooling, registers.
  vit_wee_patch16_reg1_gap_256: { ...wee, ...gap, initValues: 1e-5, noEmbedClass: true, regTokens: 1, imgSize: 256 },
  vit_little_patch16_reg1_gap_256: {
    ...little,
    ...gap,
    initValues: 1e-5,
    noEmbedClass: true,
    regTokens: 1,
    imgSize: 256,
  },
  vit_little_patch16_reg4_gap_256: { ...little, ...gap, ...registers, initValues: 1e-5, imgSize: 256 },
  vit_medium_patch16_gap_240: { ...medium, ...gap, qkvBias: false, initValues: 1e-6, fcNorm: false, imgSize: 240 },
  vit_medium_patch16_gap_256: { ...medium, ...gap, qkvBias: false, initValues: 1e-6, fcNorm: false, imgSize: 256 },
  vit_medium_patch16_gap_384: { ...medium, ...gap, qkvBias: false, initValues: 1e-6, fcNorm: false, imgSize: 384 },
  vit_medium_patch16_reg1_gap_256: {
    ...medium,
    ...gap,
    initValues: 1e-5,
    noEmbedClass: true,
    regTokens: 1,
    imgSize: 256,
  },
  vit_medium_patch16_reg4_gap_256: { ...medium, ...gap, ...registers, initValues: 1e-5, imgSize: 256 },
  vit_mediumd_patch16_reg4_gap_256: { ...mediumDeep, ...gap, ...registers, initValues: 1e-5, imgSize: 256 },
  vit_mediumd_patch16_reg4_gap_384: { ...mediumDeep, ...gap, ...registers, initValues: 1e-5, imgSize: 384 },
  vit_betwixt_patch16_gap_256: { ...betwixt, ...gap, qkvBias: false, initValues: 1e-6, fcNorm: false, imgSize: 256 },
  vit_betwixt_patch16_reg1_gap_256: {
    ...betwixt,
    ...gap,
    initValues: 1e-5,
    noEmbedClass: true,
    regTokens: 1,
    imgSize: 256,
  },
  vit_betwixt_patch16_reg4_gap_256: { ...betwixt, ...gap, ...registers, initValues: 1e-5, imgSize: 256 },
  vit_betwixt_patch16_reg4_gap_384: { ...betwixt, ...gap, ...registers, initValues: 1e-5, imgSize: 384 },
  vit_base_patch16_gap_224: { ...gap, numHeads: 16, fcNorm: false },
  vit_base_patch16_reg4_gap_256: { ...gap, ...registers, imgSize: 256 },
  vit_so150m_patch16_reg4_gap_256: { ...so150m, ...gap, regTokens: 4, fcNorm: false, imgSize: 256 },
  vit_so150m_patch16_reg4_gap_384: { ...so150m, ...gap, regTokens: 4, fcNorm: false, imgSize: 384 },
  vit_so150m_patch16_reg4_map_256: { ...so150m, ...mapPool, regTokens: 4, imgSize: 256 },
  vit_so150m2_patch16_reg1_gap_256: {
    ...so150m2,
    ...gap,
    initValues: 1e-5,
    qkvBias: false,
    regTokens: 1,
    imgSize: 256,
  },
  vit_so150m2_patch16_reg1_gap_384: {
    ...so150m2,
    ...gap,
    initValues: 1e-5,
    qkvBias: false,
    regTokens: 1,
    imgSize: 384,
  },
  vit_so150m2_patch16_reg1_gap_448: {
    ...so150m2,
    ...gap,
    initValues: 1e-5,
    qkvBias: false,
    regTokens: 1,
    imgSize: 448,
  },
  vit_huge_patch14_gap_224: { ...huge, ...gap, patchSize: 14, fcNorm: false },
  vit_huge_patch16_gap_448: { ...huge, ...gap, fcNorm: false, imgSize: 448 },
  vit_giant_patch16_gap_224: { ...giant, ...gap, fcNorm: false },

  // Self-supervised and distilled backbones.
  vit_small_patch14_dinov2: { ...small, ...dinov2 },
  vit_small_patch14_reg4_dinov2: { ...small, ...dinov2, ...registers },
  vit_base_patch14_dinov2: { ...dinov2 },
  vit_base_patch14_reg1_tipsv2: { patchSize: 14, initValues: 1, regTokens: 1, noEmbedClass: true, imgSize: 448 },
  vit_base_patch14_reg4_dinov2: { ...dinov2, ...registers },
  vit_base_patch16_radio_v3: { imgSize: 512, initValues: 1e-5, regTokens: 7, noEmbedClass: true, finalNorm: false },
  vit_large_patch14_dinov2: { ...large, ...dinov2 },
  vit_large_patch14_reg1_tipsv2: {
    ...large,
    patchSize: 14,
    initValues: 1,
    regTokens: 1,
    noEmbedClass: true,
    imgSize: 448,
  },
  vit_large_patch14_reg4_dinov2: { ...large, ...dinov2, ...registers },
  vit_large_patch16_radio_v3: {
    ...large,
    imgSize: 512,
    initValues: 1e-5,
    regTokens: 7,
    noEmbedClass: true,
    finalNorm: false,
  },
  vit_intern300m_patch14_448: {
    ...large,
    patchSize: 14,
    initValues: 0.1,
    finalNorm: false,
    dynamicImgSize: true,
    imgSize: 448,
  },
  vit_so400m_patch14_reg1_tipsv2: {
    ...so400m,
    patchSize: 14,
    initValues: 1,
    mlpRatio: 3.736111111111111,
    regTokens: 1,
    noEmbedClass: true,
    imgSize: 448,
  },
  vit_so400m_patch16_radio_v4: {
    ...so400m,
    imgSize: 512,
    mlpRatio: 3.736111111111111,
    regTokens: 9,
    noEmbedClass: true,
    finalNorm: false,
  },
  vit_huge_patch16_radio_v3: { ...huge, imgSize: 512, regTokens: 7, noEmbedClass: true, finalNorm: false },
  vit_huge_patch16_radio_v4: { ...huge, imgSize: 512, regTokens: 9, noEmbedClass: true, finalNorm: false },
  vit_giant_patch16_radio_v3: {
    imgSize: 512,
    embedDim: 1536,
    depth: 40,
    numHeads: 24,
    regTokens: 7,
    noEmbedClass: true,
    finalNorm: false,
  },

  // Image towers of CLIP (https://arxiv.org/abs/2103.00020).
  vit_xsmall_patch16_clip_224: { ...clip, embedDim: 256, depth: 10, numHeads: 4 },
  vit_medium_patch16_clip_224: { ...medium, ...clip },
  vit_medium_patch32_clip_224: { ...medium, ...clip, patchSize: 32 },
  vit_betwixt_patch32_clip_224: { ...betwixt, ...clip, patchSize: 32 },
  vit_base_patch16_clip_224: { ...clip },
  vit_base_patch16_clip_384: { ...clip, imgSize: 384 },
  vit_base_patch16_clip_quickgelu_224: { ...clip, actLayer: "quick_gelu" },
  vit_base_patch16_plus_clip_240: { ...plus, ...clip, imgSize: 240 },
  vit_base_patch32_clip_224: { ...clip, patchSize: 32 },
  vit_base_patch32_clip_256: { ...clip, patchSize: 32, imgSize: 256 },
  vit_base_patch32_clip_384: { ...clip, patchSize: 32, imgSize: 384 },
  vit_base_patch32_clip_448: { ...clip, patchSize: 32, imgSize: 448 },
  vit_base_patch32_clip_quickgelu_224: { ...clip, patchSize: 32, actLayer: "quick_gelu" },
  vit_large_patch14_clip_224: { ...large, ...clip, patchSize: 14 },
  vit_large_patch14_clip_336: { ...large, ...clip, patchSize: 14, imgSize: 336 },
  vit_large_patch14_clip_quickgelu_224: { ...large, ...clip, patchSize: 14, actLayer: "quick_gelu" },
  vit_large_patch14_clip_quickgelu_336: { ...large, ...clip, patchSize: 14, actLayer: "quick_gelu", imgSize: 336 },
  vit_huge_patch14_clip_224: { ...huge, ...clip, patchSize: 14 },
  vit_huge_patch14_clip_336: { ...huge, ...clip, patchSize: 14, imgSize: 336 },
  vit_huge_patch14_clip_378: { ...huge, ...clip, patchSize: 14, imgSize: 378 },
  vit_huge_patch14_clip_quickgelu_224: { ...huge, ...clip, patchSize: 14, actLayer: "quick_gelu" },
  vit_huge_patch14_clip_quickgelu_378: { ...huge, ...clip, patchSize: 14, actLayer: "quick_gelu", imgSize: 378 },
  vit_giant_patch14_clip_224: { ...giant, ...clip, patchSize: 14 },
  vit_gigantic_patch14_clip_224: { ...gigantic, ...clip, patchSize: 14 },
  vit_gigantic_patch14_clip_378: { ...gigantic, ...clip, patchSize: 14, imgSize: 378 },
  vit_gigantic_patch14_clip_quickgelu_224: { ...gigantic, ...clip, patchSize: 14, actLayer: "quick_gelu" },

  // Image towers of SigLIP (https://arxiv.org/abs/2303.15343).
  vit_base_patch16_siglip_224: { ...mapPool },
  vit_base_patch16_siglip_256: { ...mapPool, imgSize: 256 },
  vit_base_patch16_siglip_384: { ...mapPool, imgSize: 384 },
  vit_base_patch16_siglip_512: { ...mapPool, imgSize: 512 },
  vit_base_patch16_siglip_gap_224: { ...gap, fcNorm: false },
  vit_base_patch16_siglip_gap_256: { ...gap, fcNorm: false, imgSize: 256 },
  vit_base_patch16_siglip_gap_384: { ...gap, fcNorm: false, imgSize: 384 },
  vit_base_patch16_siglip_gap_512: { ...gap, fcNorm: false, imgSize: 512 },
  vit_base_patch32_siglip_256: { ...mapPool, patchSize: 32, actLayer: "gelu_tanh", imgSize: 256 },
  vit_base_patch32_siglip_gap_256: { ...gap, patchSize: 32, fcNorm: false, actLayer: "gelu_tanh", imgSize: 256 },
  vit_large_patch16_siglip_256: { ...large, ...mapPool, imgSize: 256 },
  vit_large_patch16_siglip_384: { ...large, ...mapPool, imgSize: 384 },
  vit_large_patch16_siglip_512: { ...large, ...mapPool, actLayer: "gelu_tanh", imgSize: 512 },
  vit_large_patch16_siglip_gap_256: { ...large, ...gap, fcNorm: false, imgSize: 256 },
  vit_large_patch16_siglip_gap_384: { ...large, ...gap, fcNorm: false, imgSize: 384 },
  vit_large_patch16_siglip_gap_512: { ...large, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 512 },
  vit_so400m_patch14_siglip_224: { ...so400m, ...mapPool, patchSize: 14 },
  vit_so400m_patch14_siglip_378: { ...so400m, ...mapPool, patchSize: 14, imgSize: 378 },
  vit_so400m_patch14_siglip_gap_224: { ...so400m, ...gap, patchSize: 14, fcNorm: false },
  vit_so400m_patch14_siglip_gap_378: { ...so400m, ...gap, patchSize: 14, fcNorm: false, imgSize: 378 },
  vit_so400m_patch14_siglip_gap_448: { ...so400m, ...gap, patchSize: 14, fcNorm: false, imgSize: 448 },
  vit_so400m_patch14_siglip_gap_896: { ...so400m, ...gap, patchSize: 14, fcNorm: false, imgSize: 896 },
  vit_so400m_patch16_siglip_256: { ...so400m, ...mapPool, actLayer: "gelu_tanh", imgSize: 256 },
  vit_so400m_patch16_siglip_384: { ...so400m, ...mapPool, actLayer: "gelu_tanh", imgSize: 384 },
  vit_so400m_patch16_siglip_512: { ...so400m, ...mapPool, actLayer: "gelu_tanh", imgSize: 512 },
  vit_so400m_patch16_siglip_gap_256: { ...so400m, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 256 },
  vit_so400m_patch16_siglip_gap_384: { ...so400m, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 384 },
  vit_so400m_patch16_siglip_gap_512: { ...so400m, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 512 },
  vit_giantopt_patch16_siglip_256: { ...giantOpt, ...mapPool, actLayer: "gelu_tanh", imgSize: 256 },
  vit_giantopt_patch16_siglip_384: { ...giantOpt, ...mapPool, actLayer: "gelu_tanh", imgSize: 384 },
  vit_giantopt_patch16_siglip_gap_256: { ...giantOpt, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 256 },
  vit_giantopt_patch16_siglip_gap_384: { ...giantOpt, ...gap, fcNorm: false, actLayer: "gelu_tanh", imgSize: 384 },

  // FlexiViT (https://arxiv.org/abs/2212.08013), the plain ViT of EVA, and tiny ones for tests.
  eva_large_patch14_196: { ...large, patchSize: 14, globalPool: "avg", imgSize: 196 },
  eva_large_patch14_336: { ...large, patchSize: 14, globalPool: "avg", imgSize: 336 },
  flexivit_base: { noEmbedClass: true, imgSize: 240 },
  flexivit_large: { ...large, noEmbedClass: true, imgSize: 240 },
  flexivit_small: { ...small, noEmbedClass: true, imgSize: 240 },
  test_vit: { embedDim: 64, depth: 6, numHeads: 2, mlpRatio: 3, dynamicImgSize: true, imgSize: 160 },
  test_vit2: {
    ...gap,
    embedDim: 64,
    depth: 8,
    numHeads: 2,
    mlpRatio: 3,
    regTokens: 1,
    initValues: 1e-5,
    dynamicImgSize: true,
    imgSize: 160,
  },
  test_vit3: {
    ...mapPool,
    embedDim: 96,
    depth: 9,
    numHeads: 3,
    mlpRatio: 2,
    regTokens: 1,
    poolIncludePrefix: true,
    initValues: 1e-5,
    imgSize: 160,
  },
} satisfies Record<string, Partial<ViTConfig>>;
