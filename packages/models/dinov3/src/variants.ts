// Every size in one place, under timm's names. What a row leaves out is the base model: 768 wide, 12 blocks, 12 heads, patches
// of 16, images of 256. Those named qkvb have biases of queries and values.

import type { DinoV3Config } from "./model.ts";

const tiny = { embedDim: 192, numHeads: 3 };
const small = { embedDim: 384, numHeads: 6 };
const large = { embedDim: 1024, depth: 24, numHeads: 16 };
const huge = { embedDim: 1280, depth: 32, numHeads: 20 };
const gated = { swigluMlp: true, swigluAlignTo: 8 };
const biased = { qkvBias: true };

export const sizes = {
  vit_tiny_patch16_dinov3_qkvb: { ...tiny, ...biased },
  vit_small_patch16_dinov3: { ...small },
  vit_small_patch16_dinov3_qkvb: { ...small, ...biased },
  vit_small_plus_patch16_dinov3: { ...small, ...gated },
  vit_small_plus_patch16_dinov3_qkvb: { ...small, ...gated, ...biased },
  vit_base_patch16_dinov3: {},
  vit_base_patch16_dinov3_qkvb: { ...biased },
  vit_large_patch16_dinov3: { ...large },
  vit_large_patch16_dinov3_qkvb: { ...large, ...biased },
  vit_huge_plus_patch16_dinov3: { ...huge, ...gated },
  vit_huge_plus_patch16_dinov3_qkvb: { ...huge, ...gated, ...biased },
  vit_7b_patch16_dinov3: { embedDim: 4096, depth: 40, numHeads: 32, mlpRatio: 2, swigluMlp: true, swigluAlignTo: 64 },
} satisfies Record<string, Partial<DinoV3Config>>;
