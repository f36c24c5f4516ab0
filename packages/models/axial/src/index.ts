// Axial attention: the layer, and Axial-ResNet.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  type AxialConfig,
  adaptAxial,
  axialDepth,
  axialFeatures,
  axialHead,
  axialSpec,
  axialStages,
  defaults,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export {
  type AxialAttention,
  type AxialAttentionOptions,
  type AxialAttentionSpecOptions,
  type AxisAttention,
  axialAttention,
  axialAttentionSpec,
} from "./axial-attention.ts";
export type { Axial, AxialBlock, AxialConfig } from "./model.ts";
export {
  type PositionSensitiveAttention,
  positionSensitiveAttention,
  positionSensitiveSpec,
} from "./position-sensitive.ts";

/** Axial-ResNet, https://arxiv.org/abs/2003.07853 */
export const axial = defineFamily({
  name: "axial",
  title: "Axial-ResNet",
  paper: "https://arxiv.org/abs/2003.07853",
  defaults,
  variants: variantsOf<AxialConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["fc"],
  spec: axialSpec,
  features: axialFeatures,
  head: axialHead,
  adapt: adaptAxial,
  stages: axialStages,
  depth: axialDepth,
});

/** Names of the variants. */
export type AxialName = keyof typeof axial.variants;
