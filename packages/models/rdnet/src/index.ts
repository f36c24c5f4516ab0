// RDNet in timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptRDNet,
  defaults,
  type RDNetConfig,
  rdnetDepth,
  rdnetFeatures,
  rdnetHead,
  rdnetSpec,
  rdnetStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { RDNet, RDNetConfig } from "./model.ts";

/** DenseNets reloaded, https://arxiv.org/abs/2403.19588 */
export const rdnet = defineFamily({
  name: "rdnet",
  title: "RDNet",
  paper: "https://arxiv.org/abs/2403.19588",
  defaults,
  variants: variantsOf<RDNetConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: rdnetSpec,
  features: rdnetFeatures,
  head: rdnetHead,
  adapt: adaptRDNet,
  stages: rdnetStages,
  depth: rdnetDepth,
});

/** Names of the variants. */
export type RDNetName = keyof typeof rdnet.variants;
