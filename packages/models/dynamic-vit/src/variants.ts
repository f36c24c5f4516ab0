// Every size in one place: DeiT's, each keeping 0.7 of its patches ahead of blocks 3, 6 and 9. What a row leaves out is the base
// model: 768 wide, 12 blocks, 12 heads, patches of 16, images of 224.

import type { DynamicViTConfig } from "./model.ts";

export const sizes = {
  dynamicvit_tiny_patch16_224: { embedDim: 192, numHeads: 3 },
  dynamicvit_256_patch16_224: { embedDim: 256, numHeads: 4 },
  dynamicvit_small_patch16_224: { embedDim: 384, numHeads: 6 },
  dynamicvit_base_patch16_224: {},
} satisfies Record<string, Partial<DynamicViTConfig>>;
