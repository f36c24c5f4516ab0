// Every size in one place, under timm's names. What a row leaves out is the tiny model: 96 wide, blocks of 2, 2, 6 and 2.

import type { SwinV2Config } from "./model-v2.ts";

const small = { depths: [2, 2, 18, 2] };
const base = { embedDim: 128, depths: [2, 2, 18, 2], numHeads: [4, 8, 16, 32] };
const large = { embedDim: 192, depths: [2, 2, 18, 2], numHeads: [6, 12, 24, 48] };
const window8 = { windowSize: 8, imgSize: 256 };
const window16 = { windowSize: 16, imgSize: 256 };
const window12 = { windowSize: 12, imgSize: 192 };
const pretrained12 = { pretrainedWindowSizes: [12, 12, 12, 6] };
const to16 = { ...window16, ...pretrained12 };
const to24 = { windowSize: 24, imgSize: 384, ...pretrained12 };

export const sizes = {
  swinv2_tiny_window8_256: { ...window8 },
  swinv2_tiny_window16_256: { ...window16 },
  swinv2_small_window8_256: { ...small, ...window8 },
  swinv2_small_window16_256: { ...small, ...window16 },
  swinv2_base_window8_256: { ...base, ...window8 },
  swinv2_base_window16_256: { ...base, ...window16 },
  swinv2_base_window12_192: { ...base, ...window12 },
  swinv2_base_window12to16_192to256: { ...base, ...to16 },
  swinv2_base_window12to24_192to384: { ...base, ...to24 },
  swinv2_large_window12_192: { ...large, ...window12 },
  swinv2_large_window12to16_192to256: { ...large, ...to16 },
  swinv2_large_window12to24_192to384: { ...large, ...to24 },
} satisfies Record<string, Partial<SwinV2Config>>;
