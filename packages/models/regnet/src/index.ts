// RegNet X, Y, Z and V in timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptRegNet,
  defaults,
  type RegNetConfig,
  regnetDepth,
  regnetFeatures,
  regnetHead,
  regnetSpec,
  regnetStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { RegNet, RegNetConfig } from "./model.ts";

/** Networks designed by their design space, https://arxiv.org/abs/2003.13678 */
export const regnet = defineFamily({
  name: "regnet",
  title: "RegNet",
  paper: "https://arxiv.org/abs/2003.13678",
  defaults,
  variants: variantsOf<RegNetConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: regnetSpec,
  features: regnetFeatures,
  head: regnetHead,
  adapt: adaptRegNet,
  stages: regnetStages,
  depth: regnetDepth,
});

/** Names of the variants. */
export type RegNetName = keyof typeof regnet.variants;
