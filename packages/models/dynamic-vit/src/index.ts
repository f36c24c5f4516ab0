// DynamicViT, in the sizes of DeiT.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptDynamicViT,
  type DynamicViTConfig,
  defaults,
  dynamicVitDepth,
  dynamicVitFeatures,
  dynamicVitHead,
  dynamicVitLogits,
  dynamicVitSpec,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export {
  type DynamicViTLossOptions,
  dynamicVitLoss,
  ratioLoss,
  scoreDistillation,
  tokenDistillation,
} from "./losses.ts";
export type { DynamicViT, DynamicViTConfig } from "./model.ts";
export { type DynamicViTOutput, dynamicVitOutput } from "./model.ts";

/** Vision transformers that drop tokens, https://arxiv.org/abs/2106.02034 */
export const dynamicVit = defineFamily({
  name: "dynamic-vit",
  title: "DynamicViT",
  paper: "https://arxiv.org/abs/2106.02034",
  defaults,
  variants: variantsOf<DynamicViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: dynamicVitSpec,
  features: dynamicVitFeatures,
  head: dynamicVitHead,
  logits: dynamicVitLogits,
  adapt: adaptDynamicViT,
  depth: dynamicVitDepth,
});

/** Names of the variants. */
export type DynamicViTName = keyof typeof dynamicVit.variants;
