// Every size in one place, under timm's names. What a row leaves out is the base model: 768 wide, 12 blocks, 12 heads, patches
// of 16, images of 224.

import type { DeiTConfig } from "./model.ts";

const tiny = { embedDim: 192, numHeads: 3 };
const small = { embedDim: 384, numHeads: 6 };
const medium = { embedDim: 512, numHeads: 8 };
const large = { embedDim: 1024, depth: 24, numHeads: 16 };
const huge = { embedDim: 1280, depth: 32, numHeads: 16 };

const distilled = { distilled: true };
const deit3 = { noEmbedClass: true, initValues: 1e-6 };

export const sizes = {
  deit_tiny_patch16_224: { ...tiny },
  deit_small_patch16_224: { ...small },
  deit_base_patch16_224: {},
  deit_base_patch16_384: { imgSize: 384 },

  deit_tiny_distilled_patch16_224: { ...distilled, ...tiny },
  deit_small_distilled_patch16_224: { ...distilled, ...small },
  deit_base_distilled_patch16_224: { ...distilled },
  deit_base_distilled_patch16_384: { ...distilled, imgSize: 384 },

  deit3_small_patch16_224: { ...deit3, ...small },
  deit3_small_patch16_384: { ...deit3, ...small, imgSize: 384 },
  deit3_medium_patch16_224: { ...deit3, ...medium },
  deit3_base_patch16_224: { ...deit3 },
  deit3_base_patch16_384: { ...deit3, imgSize: 384 },
  deit3_large_patch16_224: { ...deit3, ...large },
  deit3_large_patch16_384: { ...deit3, ...large, imgSize: 384 },
  deit3_huge_patch14_224: { ...deit3, ...huge, patchSize: 14 },
} satisfies Record<string, Partial<DeiTConfig>>;
