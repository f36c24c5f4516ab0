// The plain vision transformer, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import { adaptViT, defaults, type ViTConfig, vitFeatures, vitHead, vitLogits, vitSpec } from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { ViT, ViTConfig } from "./model.ts";

/** Vision Transformer, https://arxiv.org/abs/2010.11929 */
export const vit = defineFamily({
  name: "vit",
  title: "Vision Transformer",
  paper: "https://arxiv.org/abs/2010.11929",
  defaults,
  variants: variantsOf<ViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: vitSpec,
  features: vitFeatures,
  head: vitHead,
  logits: vitLogits,
  adapt: adaptViT,
  depth: (c: ViTConfig, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type ViTName = keyof typeof vit.variants;
