// Vision transformers with attention of linear cost, and the layers they are made of.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import {
  adaptLinearCostViT,
  defaults,
  type LinearCostViTConfig,
  linearCostViTFeatures,
  linearCostViTHead,
  linearCostViTLogits,
  linearCostViTSpec,
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
export type { LinearCostViT, LinearCostViTConfig } from "./model.ts";

/** Performer, BigBird and linear attention in the plain vision transformer, https://arxiv.org/abs/2009.14794 */
export const efficientAttention = defineFamily({
  name: "efficient-attention",
  title: "Efficient attention",
  paper: "https://arxiv.org/abs/2009.14794",
  defaults,
  variants: variantsOf<LinearCostViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: linearCostViTSpec,
  features: linearCostViTFeatures,
  head: linearCostViTHead,
  logits: linearCostViTLogits,
  adapt: adaptLinearCostViT,
  depth: (c: LinearCostViTConfig, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type EfficientAttentionName = keyof typeof efficientAttention.variants;
