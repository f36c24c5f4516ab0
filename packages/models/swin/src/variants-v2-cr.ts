// Every size in one place, under timm's names. What a row leaves out is the tiny model: 96 wide, blocks of 2, 2, 6 and 2, images
// of 224; windows are an eighth of the first map.

import type { SwinV2CrConfig } from "./model-v2-cr.ts";

const small = { depths: [2, 2, 18, 2] };
const base = { embedDim: 128, depths: [2, 2, 18, 2], numHeads: [4, 8, 16, 32] };
const large = { embedDim: 192, depths: [2, 2, 18, 2], numHeads: [6, 12, 24, 48] };
const huge = { embedDim: 352, depths: [2, 2, 18, 2], extraNormPeriod: 6 };
const giant = { embedDim: 512, depths: [2, 2, 42, 2], numHeads: [16, 32, 64, 128], extraNormPeriod: 6 };
const ns = { extraNormStage: true };
const at384 = { imgSize: 384 };

export const sizes = {
  swinv2_cr_tiny_384: { ...at384 },
  swinv2_cr_tiny_224: {},
  swinv2_cr_tiny_ns_224: { ...ns },
  swinv2_cr_small_384: { ...small, ...at384 },
  swinv2_cr_small_224: { ...small },
  swinv2_cr_small_ns_224: { ...small, ...ns },
  swinv2_cr_small_ns_256: { ...small, ...ns, imgSize: 256 },
  swinv2_cr_base_384: { ...base, ...at384 },
  swinv2_cr_base_224: { ...base },
  swinv2_cr_base_ns_224: { ...base, ...ns },
  swinv2_cr_large_384: { ...large, ...at384 },
  swinv2_cr_large_224: { ...large },
  swinv2_cr_huge_384: { ...huge, numHeads: [11, 22, 44, 88], ...at384 },
  swinv2_cr_huge_224: { ...huge, numHeads: [8, 16, 32, 64] },
  swinv2_cr_giant_384: { ...giant, ...at384 },
  swinv2_cr_giant_224: { ...giant },
} satisfies Record<string, Partial<SwinV2CrConfig>>;
