// Every size in one place, under the names of OpenAI's checkpoints. What a row leaves out is clip-vit-base-patch32.

import type { CLIPConfig } from "./config.ts";

const large = {
  visionConfig: { hiddenSize: 1024, intermediateSize: 4096, numHiddenLayers: 24, numAttentionHeads: 16, patchSize: 14 },
  textConfig: { hiddenSize: 768, intermediateSize: 3072, numAttentionHeads: 12 },
  projectionDim: 768,
};

export const sizes = {
  clip_vit_base_patch32: {},
  clip_vit_base_patch16: { visionConfig: { patchSize: 16 } },
  clip_vit_large_patch14: { ...large },
  clip_vit_large_patch14_336: { ...large, imgSize: 336 },
} satisfies Record<string, Partial<CLIPConfig>>;
