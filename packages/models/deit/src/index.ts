// DeiT and DeiT III, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import {
  adaptDeiT,
  type DeiTConfig,
  defaults,
  deitFeatures,
  deitHead,
  deitHeads,
  deitLogits,
  deitSpec,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { DeiT, DeiTConfig } from "./model.ts";

/** Data-efficient image transformers, https://arxiv.org/abs/2012.12877 and https://arxiv.org/abs/2204.07118 */
export const deit = defineFamily({
  name: "deit",
  title: "DeiT",
  paper: "https://arxiv.org/abs/2012.12877",
  defaults,
  variants: variantsOf<DeiTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head", "head_dist"],
  spec: deitSpec,
  features: deitFeatures,
  head: deitHead,
  logits: deitLogits,
  heads: deitHeads,
  adapt: adaptDeiT,
  depth: (c: DeiTConfig, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type DeiTName = keyof typeof deit.variants;
