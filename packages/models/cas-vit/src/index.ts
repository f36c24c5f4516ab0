// CAS-ViT, in all of its authors' sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptCasVit,
  type CasVitConfig,
  casVitDepth,
  casVitFeatures,
  casVitHead,
  casVitHeads,
  casVitSpec,
  casVitStages,
  defaults,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { CasVit, CasVitConfig } from "./model.ts";

/** Convolutional additive self-attention vision transformers, https://arxiv.org/abs/2408.03703 */
export const casVit = defineFamily({
  name: "cas-vit",
  title: "CAS-ViT",
  paper: "https://arxiv.org/abs/2408.03703",
  defaults,
  variants: variantsOf<CasVitConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head", "dist_head"],
  spec: casVitSpec,
  features: casVitFeatures,
  head: casVitHead,
  heads: casVitHeads,
  stages: casVitStages,
  adapt: adaptCasVit,
  depth: casVitDepth,
});

/** Names of the variants. */
export type CasVitName = keyof typeof casVit.variants;
