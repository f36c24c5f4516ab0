// Every size in one place, under timm's names. What a row leaves out is in the defaults: 12 blocks, the first 10 of them
// local, heads of 48, patches of 16, images of 224.

import type { ConViTConfig } from "./model.ts";

export const sizes = {
  convit_tiny: { numHeads: 4 },
  convit_small: { numHeads: 9 },
  convit_base: { numHeads: 16 },
} satisfies Record<string, Partial<ConViTConfig>>;
