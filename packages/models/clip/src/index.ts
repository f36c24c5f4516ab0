// CLIP: images and texts in one space, and zero-shot classification with it.

export {
  type CLIPConfig,
  type CLIPTextConfig,
  type CLIPVisionConfig,
  optionsFromConfig,
  type TowerConfig,
  textDefaults,
  textOf,
  visionDefaults,
  visionOf,
} from "./config.ts";
export { type CLIPName, clip } from "./family.ts";
export { type CLIP, contrastiveLoss, embedImages, embedTexts, similarity } from "./model.ts";
export { clipTokenizer, type Tokenizer, type Vocabulary } from "./tokenizer.ts";
export { defaultTemplate, withClasses, zeroShotClassifier } from "./zero-shot.ts";
