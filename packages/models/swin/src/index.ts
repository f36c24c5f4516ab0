// Swin Transformer, Swin Transformer v2, and timm's own form of v2, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { adaptSwin, defaults, type SwinConfig, swinFeatures, swinHead, swinSpec } from "./model.ts";
import {
  adaptSwinV2,
  resizeSwinV2,
  type SwinV2Config,
  swinV2Features,
  swinV2Head,
  swinV2Spec,
  defaults as v2Defaults,
} from "./model-v2.ts";
import {
  adaptSwinV2Cr,
  defaults as crDefaults,
  resizeSwinV2Cr,
  type SwinV2CrConfig,
  swinV2CrFeatures,
  swinV2CrHead,
  swinV2CrSpec,
} from "./model-v2-cr.ts";
import { mapDepth, mapStages } from "./stages.ts";
import { sizes } from "./variants.ts";
import { sizes as v2Sizes } from "./variants-v2.ts";
import { sizes as crSizes } from "./variants-v2-cr.ts";
import { preparation, weights } from "./weights.ts";

export type { Swin, SwinConfig } from "./model.ts";
export type { SwinV2, SwinV2Config } from "./model-v2.ts";
export type { SwinV2Cr, SwinV2CrConfig } from "./model-v2-cr.ts";

/** Attention in windows that shift, https://arxiv.org/abs/2103.14030 */
export const swin = defineFamily({
  name: "swin",
  title: "Swin Transformer",
  paper: "https://arxiv.org/abs/2103.14030",
  defaults,
  variants: variantsOf<SwinConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: swinSpec,
  features: swinFeatures,
  head: swinHead,
  adapt: adaptSwin,
  stages: (c: SwinConfig) => mapStages(c, "layers"),
  depth: (c: SwinConfig, path) => mapDepth(c, path),
});

/** Names of the variants. */
export type SwinName = keyof typeof swin.variants;

/** Cosine attention and biases from log-spaced offsets, https://arxiv.org/abs/2111.09883 */
export const swinV2 = defineFamily({
  name: "swinv2",
  title: "Swin Transformer v2",
  paper: "https://arxiv.org/abs/2111.09883",
  defaults: v2Defaults,
  variants: variantsOf<SwinV2Config, keyof typeof v2Sizes>(v2Sizes, weights, preparation),
  classifier: ["head.fc"],
  spec: swinV2Spec,
  features: swinV2Features,
  head: swinV2Head,
  adapt: adaptSwinV2,
  resize: resizeSwinV2,
  stages: (c: SwinV2Config) => mapStages(c, "layers"),
  depth: (c: SwinV2Config, path) => mapDepth(c, path),
});

/** Names of the variants. */
export type SwinV2Name = keyof typeof swinV2.variants;

/** timm's own form of v2, with windows that are a part of the image, https://arxiv.org/abs/2111.09883 */
export const swinV2Cr = defineFamily({
  name: "swinv2-cr",
  title: "Swin Transformer v2 (timm's)",
  paper: "https://arxiv.org/abs/2111.09883",
  defaults: crDefaults,
  variants: variantsOf<SwinV2CrConfig, keyof typeof crSizes>(crSizes, weights, preparation),
  classifier: ["head.fc"],
  spec: swinV2CrSpec,
  features: swinV2CrFeatures,
  head: swinV2CrHead,
  adapt: adaptSwinV2Cr,
  resize: resizeSwinV2Cr,
  stages: (c: SwinV2CrConfig) => mapStages(c, "stages"),
  depth: (c: SwinV2CrConfig, path) => mapDepth(c, path),
});

/** Names of the variants. */
export type SwinV2CrName = keyof typeof swinV2Cr.variants;
