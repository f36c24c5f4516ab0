// ResNet in timm's sizes, with groups, channel attention and the stems and shortcuts that came after it.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptResNet,
  defaults,
  type ResNetConfig,
  resnetDepth,
  resnetFeatures,
  resnetHead,
  resnetSpec,
  resnetStages,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { ResNet, ResNetConfig } from "./model.ts";

/** Residual networks, https://arxiv.org/abs/1512.03385 */
export const resnet = defineFamily({
  name: "resnet",
  title: "ResNet",
  paper: "https://arxiv.org/abs/1512.03385",
  defaults,
  variants: variantsOf<ResNetConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["fc"],
  spec: resnetSpec,
  features: resnetFeatures,
  head: resnetHead,
  adapt: adaptResNet,
  stages: resnetStages,
  depth: resnetDepth,
});

/** Names of the variants. */
export type ResNetName = keyof typeof resnet.variants;
