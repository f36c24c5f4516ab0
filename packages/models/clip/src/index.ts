// CLIP: images and texts in one space, and zero-shot classification with it.

import { defineFamily, variantsOf } from "@vitrine/core";
import { type CLIPConfig, defaults } from "./config.ts";
import { adaptCLIP, clipDepth, clipFeatures, clipHead, clipLogits, clipSpec } from "./model.ts";
import { sizes } from "./variants.ts";
import { preparation, weights } from "./weights.ts";

export {
  type CLIPTextConfig,
  type CLIPVisionConfig,
  type TowerConfig,
  textDefaults,
  textOf,
  visionDefaults,
  visionOf,
} from "./config.ts";
export type { CLIP, CLIPConfig } from "./model.ts";
export { contrastiveLoss, embedImages, embedTexts, similarity } from "./model.ts";
export { clipTokenizer, type Tokenizer, type Vocabulary } from "./tokenizer.ts";
export { type SavedModel, savedModel } from "./transformers-config.ts";
export { defaultTemplate, withClasses, zeroShotClassifier } from "./zero-shot.ts";

/** Contrastive language-image pre-training, https://arxiv.org/abs/2103.00020 */
export const clip = defineFamily({
  name: "clip",
  title: "CLIP",
  paper: "https://arxiv.org/abs/2103.00020",
  defaults,
  variants: variantsOf<CLIPConfig, keyof typeof sizes>(sizes, weights, preparation),
  classifier: ["head"],
  spec: clipSpec,
  features: clipFeatures,
  head: clipHead,
  logits: clipLogits,
  adapt: adaptCLIP,
  depth: clipDepth,
});

/** Names of the variants. */
export type CLIPName = keyof typeof clip.variants;
