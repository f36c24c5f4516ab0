// MobileViT and MobileViTv2, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { defaults, type MobileViTConfig } from "./config.ts";
import {
  adaptMobileViT,
  mobileViTDepth,
  mobileViTFeatures,
  mobileViTHead,
  mobileViTSpec,
  mobileViTStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { InvertedResidualStage, MobileViTStage, MobileViTv2Stage, Stage } from "./config.ts";
export type { MobileViT, MobileViTConfig } from "./model.ts";

/** MobileViT, https://arxiv.org/abs/2110.02178, and MobileViTv2, https://arxiv.org/abs/2206.02680 */
export const mobilevit = defineFamily({
  name: "mobilevit",
  title: "MobileViT",
  paper: "https://arxiv.org/abs/2110.02178",
  defaults,
  variants: variantsOf<MobileViTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: mobileViTSpec,
  features: mobileViTFeatures,
  head: mobileViTHead,
  stages: mobileViTStages,
  adapt: adaptMobileViT,
  depth: mobileViTDepth,
});

/** Names of the variants. */
export type MobileViTName = keyof typeof mobilevit.variants;
