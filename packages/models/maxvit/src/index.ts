// MaxViT and CoAtNet, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { adaptMaxViT } from "./adapt.ts";
import { defaults, type MaxViTConfig } from "./config.ts";
import { maxvitDepth, maxvitFeatures, maxvitHead, maxvitSpec, maxvitStages } from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { MaxViT, MaxViTConfig } from "./model.ts";

/** Multi-axis vision transformers, https://arxiv.org/abs/2204.01697, and CoAtNet, https://arxiv.org/abs/2106.04803 */
export const maxvit = defineFamily({
  name: "maxvit",
  title: "MaxViT",
  paper: "https://arxiv.org/abs/2204.01697",
  defaults,
  variants: variantsOf<MaxViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: maxvitSpec,
  features: maxvitFeatures,
  head: maxvitHead,
  adapt: adaptMaxViT,
  stages: maxvitStages,
  depth: maxvitDepth,
});

/** Names of the variants. */
export type MaxViTName = keyof typeof maxvit.variants;
