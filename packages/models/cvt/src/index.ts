// CvT, in all published sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import {
  adaptCvT,
  type CvTConfig,
  cvtDepth,
  cvtFeatures,
  cvtHead,
  cvtLogits,
  cvtSpec,
  cvtStages,
  defaults,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { CvT, CvTConfig } from "./model.ts";

/** Convolutions in vision transformers, https://arxiv.org/abs/2103.15808 */
export const cvt = defineFamily({
  name: "cvt",
  title: "CvT",
  paper: "https://arxiv.org/abs/2103.15808",
  defaults,
  variants: variantsOf<CvTConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["classifier"],
  spec: cvtSpec,
  features: cvtFeatures,
  head: cvtHead,
  logits: cvtLogits,
  stages: cvtStages,
  adapt: adaptCvT,
  depth: cvtDepth,
});

/** Names of the variants. */
export type CvTName = keyof typeof cvt.variants;
