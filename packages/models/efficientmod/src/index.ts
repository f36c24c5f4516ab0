// EfficientMod, in all of its authors' sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptEfficientMod,
  defaults,
  type EfficientModConfig,
  efficientModDepth,
  efficientModFeatures,
  efficientModHead,
  efficientModSpec,
  efficientModStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { EfficientMod, EfficientModConfig } from "./model.ts";

/** Efficient modulation, https://arxiv.org/abs/2403.19963 */
export const efficientmod = defineFamily({
  name: "efficientmod",
  title: "EfficientMod",
  paper: "https://arxiv.org/abs/2403.19963",
  defaults,
  variants: variantsOf<EfficientModConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: efficientModSpec,
  features: efficientModFeatures,
  head: efficientModHead,
  stages: efficientModStages,
  adapt: adaptEfficientMod,
  depth: efficientModDepth,
});

/** Names of the variants. */
export type EfficientModName = keyof typeof efficientmod.variants;
