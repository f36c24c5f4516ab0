// The two EfficientViTs, MIT's and Microsoft's, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { defaults as defaultsMsra, type EfficientVitMsraConfig } from "./config-msra.ts";
import {
  adaptEfficientVit,
  defaults,
  type EfficientVitConfig,
  efficientVitDepth,
  efficientVitFeatures,
  efficientVitHead,
  efficientVitSpec,
  efficientVitStages,
} from "./model.ts";
import {
  adaptEfficientVitMsra,
  efficientVitMsraDepth,
  efficientVitMsraFeatures,
  efficientVitMsraHead,
  efficientVitMsraSpec,
  efficientVitMsraStages,
} from "./model-msra.ts";
import { sizes } from "./variants.ts";
import { sizes as sizesMsra } from "./variants-msra.ts";
import { preparation, preparationMsra, weights, weightsMsra } from "./weights.ts";

export type { EfficientVitMsraConfig } from "./config-msra.ts";
export type { EfficientVit, EfficientVitConfig } from "./model.ts";
export type { EfficientVitMsra } from "./model-msra.ts";

/** MIT's: multi-scale linear attention, https://arxiv.org/abs/2205.14756 */
export const efficientvit = defineFamily({
  name: "efficientvit",
  title: "EfficientViT (MIT)",
  paper: "https://arxiv.org/abs/2205.14756",
  defaults,
  variants: variantsOf<EfficientVitConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.classifier.4"],
  spec: efficientVitSpec,
  features: efficientVitFeatures,
  head: efficientVitHead,
  stages: efficientVitStages,
  adapt: adaptEfficientVit,
  depth: efficientVitDepth,
});

/** Microsoft's: cascaded group attention, https://arxiv.org/abs/2305.07027 */
export const efficientvitMsra = defineFamily({
  name: "efficientvit-msra",
  title: "EfficientViT (Microsoft)",
  paper: "https://arxiv.org/abs/2305.07027",
  defaults: defaultsMsra,
  variants: variantsOf<EfficientVitMsraConfig, keyof typeof sizesMsra>(sizesMsra, weightsMsra, preparationMsra),
  classifier: ["head.linear"],
  spec: efficientVitMsraSpec,
  features: efficientVitMsraFeatures,
  head: efficientVitMsraHead,
  stages: efficientVitMsraStages,
  adapt: adaptEfficientVitMsra,
  depth: efficientVitMsraDepth,
});

/** Names of MIT's variants. */
export type EfficientVitName = keyof typeof efficientvit.variants;

/** Names of Microsoft's variants. */
export type EfficientVitMsraName = keyof typeof efficientvitMsra.variants;
