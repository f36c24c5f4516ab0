// Vision transformers with attention of linear cost, and the layers they are made of.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import {
  adaptEfficientViT,
  defaults,
  type EfficientViTConfig,
  efficientViTFeatures,
  efficientViTHead,
  efficientViTLogits,
  efficientViTSpec,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export {
  type AttentionChoice,
  type AttentionKind,
  type BigBirdOptions,
  bigBirdAttention,
  bigBirdDefaults,
  eluFeatures,
  type FavorKernel,
  favorAttention,
  favorFeatures,
  favorProjection,
  featureAttention,
  type PerformerAttention,
  type PerformerAttentionOptions,
  type PerformerAttentionSpecOptions,
  type PerformerOptions,
  performerAttention,
  performerAttentionSpec,
} from "@vitrine/core/layers";
export type { EfficientViT, EfficientViTConfig } from "./model.ts";

/** Performer, BigBird and linear attention in the plain vision transformer, https://arxiv.org/abs/2009.14794 */
export const efficientAttention = defineFamily({
  name: "efficient-attention",
  title: "Efficient attention",
  paper: "https://arxiv.org/abs/2009.14794",
  defaults,
  variants: variantsOf<EfficientViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: efficientViTSpec,
  features: efficientViTFeatures,
  head: efficientViTHead,
  logits: efficientViTLogits,
  adapt: adaptEfficientViT,
  depth: (c: EfficientViTConfig, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type EfficientAttentionName = keyof typeof efficientAttention.variants;
