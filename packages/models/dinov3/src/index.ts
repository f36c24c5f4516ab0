// DINOv3's vision transformers, in all of timm's sizes.

import { defineFamily, variantsOf } from "@vitrine/core";
import { vitDepth } from "@vitrine/core/layers";
import {
  adaptDinoV3,
  type DinoV3Config,
  defaults,
  dinov3Features,
  dinov3Head,
  dinov3Logits,
  dinov3Spec,
} from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export type { DinoV3, DinoV3Config } from "./model.ts";

/** DINOv3, https://arxiv.org/abs/2508.10104 */
export const dinov3 = defineFamily({
  name: "dinov3",
  title: "DINOv3",
  paper: "https://arxiv.org/abs/2508.10104",
  defaults,
  variants: variantsOf<DinoV3Config, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: dinov3Spec,
  features: dinov3Features,
  head: dinov3Head,
  logits: dinov3Logits,
  adapt: adaptDinoV3,
  depth: (c: DinoV3Config, path) => vitDepth(c, path),
});

/** Names of the variants. */
export type DinoV3Name = keyof typeof dinov3.variants;
