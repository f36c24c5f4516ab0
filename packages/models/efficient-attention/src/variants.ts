// Every size in one place: timm's plain vision transformers, once for each kind of attention. What a row leaves out is the
// base model: 768 wide, 12 blocks, 12 heads, patches of 16, images of 224.

import type { LinearCostViTConfig } from "./model.ts";

const tiny = { embedDim: 192, numHeads: 3 };
const small = { embedDim: 384, numHeads: 6 };

const performer = { attention: "performer" } as const;
const bigbird = { attention: "bigbird" } as const;
const linear = { attention: "linear" } as const;

export const sizes = {
  performer_vit_tiny_patch16_224: { ...performer, ...tiny },
  performer_vit_small_patch16_224: { ...performer, ...small },
  performer_vit_base_patch16_224: { ...performer },

  bigbird_vit_tiny_patch16_224: { ...bigbird, ...tiny },
  bigbird_vit_small_patch16_224: { ...bigbird, ...small },
  bigbird_vit_base_patch16_224: { ...bigbird },

  linear_vit_tiny_patch16_224: { ...linear, ...tiny },
  linear_vit_small_patch16_224: { ...linear, ...small },
  linear_vit_base_patch16_224: { ...linear },
} satisfies Record<string, Partial<LinearCostViTConfig>>;
