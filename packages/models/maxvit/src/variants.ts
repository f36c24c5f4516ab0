// Every size in one place, under timm's names. What a row leaves out is CoAtNet-0 of the paper (`defaults` in config.ts).

import type { MaxViTConfig } from "./config.ts";

type Size = Partial<MaxViTConfig>;

const maxvit = { blockType: ["M", "M", "M", "M"] } as const satisfies Size;

const pico = { embedDim: [32, 64, 128, 256], depths: [2, 2, 5, 2], stemWidth: [24, 32] } as const satisfies Size;
const nano = { embedDim: [64, 128, 256, 512], depths: [1, 2, 3, 1], stemWidth: [32, 64] } as const satisfies Size;
const tiny = { embedDim: [64, 128, 256, 512], depths: [2, 2, 5, 2], stemWidth: [32, 64] } as const satisfies Size;
const small = { embedDim: [96, 192, 384, 768], depths: [2, 2, 5, 2], stemWidth: [32, 64] } as const satisfies Size;
const base = { embedDim: [96, 192, 384, 768], depths: [2, 6, 14, 2], stemWidth: [32, 64] } as const satisfies Size;
const large = { embedDim: [128, 256, 512, 1024], depths: [2, 6, 14, 2], stemWidth: [64, 128] } as const satisfies Size;
const xlarge = { embedDim: [192, 384, 768, 1536], depths: [2, 6, 14, 2], stemWidth: [96, 192] } as const satisfies Size;

// timm's own models, made before the papers' programs were out.
const rw = {
  convExpandOutput: false,
  convOutputBias: false,
  convActLayer: "silu",
  transformerExpandFirst: false,
} as const satisfies Size;
const rwMax = { ...rw, ...maxvit, convAttnRatio: 1 / 16 } as const satisfies Size;
const rwMaxMlp = { ...rwMax, transformerRelPosType: "mlp" } as const satisfies Size;
const rwCoat = {
  ...rw,
  convStrideMode: "pool",
  convPreNormAct: true,
  convAttnActLayer: "relu",
} as const satisfies Size;
const rwCoatDw = { ...rwCoat, convStrideMode: "dw" } as const satisfies Size;
const early = { convAttnEarly: true, transformerShortcutBias: false } as const satisfies Size;
const silu = { convAttnActLayer: "silu" } as const satisfies Size;
const mlp = { transformerRelPosType: "mlp" } as const satisfies Size;
const scaled = { transformerInitValues: 1e-6 } as const satisfies Size;
/** Newer settings in CoAtNet's order of blocks. */
const rwCoatNew = { ...rw, convOutputBias: true } as const satisfies Size;

// With ConvNeXt blocks for the bottlenecks.
const next = {
  convBlockType: "convnext",
  convExpandOutput: false,
  convNormLayer: "layernorm2d",
  convNormEps: 1e-6,
  transformerExpandFirst: false,
} as const satisfies Size;
const nextMlp = { ...next, ...maxvit, ...mlp, ...scaled } as const satisfies Size;
const gridOnly = { transformerNoBlockAttn: true } as const satisfies Size;

// The paper's MaxViT, as its TensorFlow program has it.
const tensorflow = {
  ...maxvit,
  stemBias: true,
  convNormEps: 1e-3,
  convActLayer: "gelu_tanh",
  convPadding: "same",
  transformerNormEps: 1e-5,
  transformerActLayer: "gelu_tanh",
  transformerHeadFirst: false,
  transformerRelPosType: "bias_tf",
} as const satisfies Size;
const tinyTf = { ...tensorflow, ...tiny, stemWidth: 64, headHiddenSize: 512 } as const satisfies Size;
const smallTf = { ...tensorflow, ...small, stemWidth: 64, headHiddenSize: 768 } as const satisfies Size;
const baseTf = { ...tensorflow, ...base, stemWidth: 64, headHiddenSize: 768 } as const satisfies Size;
const largeTf = { ...tensorflow, ...large, stemWidth: 128, headHiddenSize: 1024 } as const satisfies Size;
const xlargeTf = { ...tensorflow, ...xlarge, stemWidth: 192, headHiddenSize: 1536 } as const satisfies Size;

const at256 = { imgSize: 256 } as const satisfies Size;
const at384 = { imgSize: 384 } as const satisfies Size;
const at512 = { imgSize: 512 } as const satisfies Size;

const coat0 = { embedDim: [96, 192, 384, 768], depths: [2, 3, 7, 2], stemWidth: [32, 64] } as const satisfies Size;
const coatNano = { ...nano, depths: [3, 4, 6, 3] } as const satisfies Size;

export const sizes = {
  coatnet_pico_rw_224: { ...rwCoatNew, ...nano, depths: [2, 3, 5, 2] },
  coatnet_nano_rw_224: { ...rwCoatNew, ...coatNano, convStrideMode: "pool" },
  coatnet_0_rw_224: { ...rwCoat, ...coat0, ...early },
  coatnet_1_rw_224: { ...rwCoatDw, ...base, ...early },
  coatnet_2_rw_224: { ...rwCoatDw, ...large, ...silu },
  coatnet_3_rw_224: { ...rwCoatDw, ...xlarge, ...silu, ...scaled },
  coatnet_bn_0_rw_224: { ...rwCoatDw, ...coat0, ...early, transformerNormLayer: "batchnorm2d" },
  coatnet_rmlp_nano_rw_224: { ...rwCoatNew, ...coatNano, ...mlp, transformerRelPosDim: 384 },
  coatnet_rmlp_0_rw_224: { ...rwCoatDw, ...coat0, ...mlp },
  coatnet_rmlp_1_rw_224: {
    ...rwCoat,
    ...base,
    ...early,
    ...mlp,
    convPoolType: "max",
    transformerPoolType: "max",
    transformerRelPosDim: 384,
  },
  coatnet_rmlp_1_rw2_224: { ...rwCoatDw, ...base, ...mlp },
  coatnet_rmlp_2_rw_224: { ...rwCoatDw, ...large, ...silu, ...scaled, ...mlp },
  coatnet_rmlp_2_rw_384: { ...rwCoatDw, ...large, ...silu, ...scaled, ...mlp, ...at384 },
  coatnet_rmlp_3_rw_224: { ...rwCoatDw, ...xlarge, ...silu, ...scaled, ...mlp },
  coatnet_nano_cc_224: { ...rwCoat, ...coatNano, blockType: ["C", "C", ["C", "T"], ["C", "T"]] },
  coatnext_nano_rw_224: { ...next, ...coatNano, convInitValues: 1e-5, weightInit: "normal" },
  coatnet_0_224: { headHiddenSize: 768 },
  coatnet_1_224: { depths: [2, 6, 14, 2], headHiddenSize: 768 },
  coatnet_2_224: { ...large, stemWidth: 128, headHiddenSize: 1024 },
  coatnet_3_224: { ...xlarge, stemWidth: 192, headHiddenSize: 1536 },
  coatnet_4_224: { ...xlarge, depths: [2, 12, 28, 2], stemWidth: 192, headHiddenSize: 1536 },
  coatnet_5_224: { embedDim: [256, 512, 1280, 2048], depths: [2, 12, 28, 2], stemWidth: 192, headHiddenSize: 2048 },

  maxvit_pico_rw_256: { ...rwMax, ...pico, ...at256 },
  maxvit_nano_rw_256: { ...rwMax, ...nano, ...at256 },
  maxvit_tiny_rw_224: { ...rwMax, ...tiny },
  maxvit_tiny_rw_256: { ...rwMax, ...tiny, ...at256 },
  maxvit_tiny_pm_256: { ...rwMax, ...tiny, ...at256, blockType: ["PM", "PM", "PM", "PM"] },
  maxvit_rmlp_pico_rw_256: { ...rwMaxMlp, ...pico, ...at256 },
  maxvit_rmlp_nano_rw_256: { ...rwMaxMlp, ...nano, ...at256 },
  maxvit_rmlp_tiny_rw_256: { ...rwMaxMlp, ...tiny, ...at256 },
  maxvit_rmlp_small_rw_224: { ...rwMaxMlp, ...small, ...scaled },
  maxvit_rmlp_small_rw_256: { ...rwMaxMlp, ...small, ...scaled, ...at256 },
  maxvit_rmlp_base_rw_224: { ...rwMaxMlp, ...base, headHiddenSize: 768 },
  maxvit_rmlp_base_rw_384: { ...rwMaxMlp, ...base, headHiddenSize: 768, ...at384 },

  maxxvit_rmlp_nano_rw_256: { ...nextMlp, ...nano, ...at256, weightInit: "normal" },
  maxxvit_rmlp_tiny_rw_256: { ...nextMlp, ...tiny, ...at256 },
  maxxvit_rmlp_small_rw_256: { ...nextMlp, ...small, ...at256, stemWidth: [48, 96] },
  maxxvitv2_nano_rw_256: {
    ...nextMlp,
    ...gridOnly,
    ...at256,
    embedDim: [96, 192, 384, 768],
    depths: [1, 2, 3, 1],
    stemWidth: [48, 96],
    transformerRelPosType: "bias",
    weightInit: "normal",
  },
  maxxvitv2_rmlp_base_rw_224: { ...nextMlp, ...gridOnly, ...large, depths: [2, 6, 12, 2] },
  maxxvitv2_rmlp_base_rw_384: { ...nextMlp, ...gridOnly, ...large, depths: [2, 6, 12, 2], ...at384 },
  maxxvitv2_rmlp_large_rw_224: {
    ...nextMlp,
    ...gridOnly,
    embedDim: [160, 320, 640, 1280],
    depths: [2, 6, 16, 2],
    stemWidth: [80, 160],
    headHiddenSize: 1280,
  },

  maxvit_tiny_tf_224: { ...tinyTf },
  maxvit_tiny_tf_384: { ...tinyTf, ...at384 },
  maxvit_tiny_tf_512: { ...tinyTf, ...at512 },
  maxvit_small_tf_224: { ...smallTf },
  maxvit_small_tf_384: { ...smallTf, ...at384 },
  maxvit_small_tf_512: { ...smallTf, ...at512 },
  maxvit_base_tf_224: { ...baseTf },
  maxvit_base_tf_384: { ...baseTf, ...at384 },
  maxvit_base_tf_512: { ...baseTf, ...at512 },
  maxvit_large_tf_224: { ...largeTf },
  maxvit_large_tf_384: { ...largeTf, ...at384 },
  maxvit_large_tf_512: { ...largeTf, ...at512 },
  maxvit_xlarge_tf_224: { ...xlargeTf },
  maxvit_xlarge_tf_384: { ...xlargeTf, ...at384 },
  maxvit_xlarge_tf_512: { ...xlargeTf, ...at512 },

  test_maxvit: { ...rwMax, embedDim: [32, 64, 96, 128], depths: [1, 1, 1, 1], stemWidth: [16, 32], imgSize: 160 },
  test_coatnet: {
    ...rwCoatNew,
    embedDim: [32, 64, 96, 128],
    depths: [1, 1, 2, 1],
    stemWidth: [16, 32],
    imgSize: 160,
    convStrideMode: "pool",
  },
} satisfies Record<string, Size>;
