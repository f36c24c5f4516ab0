// Every size in one place, under timm's names. What a row leaves out is the tiny model: 96 wide, blocks of 2, 2, 6 and 2, windows
// of 7, images of 224.

import type { SwinConfig } from "./model.ts";

const small = { depths: [2, 2, 18, 2] };
const base = { embedDim: 128, depths: [2, 2, 18, 2], numHeads: [4, 8, 16, 32] };
const large = { embedDim: 192, depths: [2, 2, 18, 2], numHeads: [6, 12, 24, 48] };
const window12 = { windowSize: 12, imgSize: 384 };

export const sizes = {
  swin_tiny_patch4_window7_224: {},
  swin_small_patch4_window7_224: { ...small },
  swin_base_patch4_window7_224: { ...base },
  swin_base_patch4_window12_384: { ...base, ...window12 },
  swin_large_patch4_window7_224: { ...large },
  swin_large_patch4_window12_384: { ...large, ...window12 },

  swin_s3_tiny_224: { windowSize: [7, 7, 14, 7] },
  swin_s3_small_224: { ...small, windowSize: [14, 14, 14, 7] },
  swin_s3_base_224: { depths: [2, 2, 30, 2], windowSize: [7, 7, 14, 7] },
} satisfies Record<string, Partial<SwinConfig>>;
