// ConViT, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import {
  adaptConViT,
  type ConViTConfig,
  convitFeatures,
  convitHead,
  convitLogits,
  convitSpec,
  defaults,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { ConViT, ConViTConfig } from "./model.ts";

/** Vision transformers with soft convolutional inductive biases, https://arxiv.org/abs/2103.10697 */
export const convit = defineFamily({
  name: "convit",
  title: "ConViT",
  paper: "https://arxiv.org/abs/2103.10697",
  defaults,
  variants: variantsOf<ConViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: convitSpec,
  features: convitFeatures,
  head: convitHead,
  logits: convitLogits,
  adapt: adaptConViT,
  depth: (c: ConViTConfig, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type ConViTName = keyof typeof convit.variants;
