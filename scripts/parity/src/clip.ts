// Cases of CLIP's two towers.

import {
  type CLIP,
  type CLIPConfig,
  type CLIPVisionConfig,
  clip,
  contrastiveLoss,
  embedImages,
  embedTexts,
  similarity,
} from "@vitrine/clip";
import { configure, type tf } from "@vitrine/core";
import { type Check, checkCase, contrastiveSubject, type Golden, optionsOf } from "@vitrine/test-utils/golden";

/** `CLIPModel` of transformers. The image's size and channels are options of the model with us, not of the image tower. */
export function checkClip(golden: Golden): Promise<Check[]> {
  const { numClasses: _, visionConfig, ...given } = optionsOf(golden.about) as Partial<CLIPConfig>;
  const { imageSize, numChannels, ...vision } = visionConfig as Partial<CLIPVisionConfig> & {
    imageSize?: number;
    numChannels?: number;
  };
  const options = { ...given, imgSize: imageSize ?? given.imgSize, inChans: numChannels ?? given.inChans };
  const config = configure<CLIPConfig>(clip, "clip_vit_base_patch32", { ...options, visionConfig: vision });
  const towers = {
    spec: clip.spec(config),
    embedImages: (p: CLIP, images: tf.Tensor4D, mode: Parameters<typeof embedImages>[3]) =>
      embedImages(config, p, images, mode),
    embedTexts: (p: CLIP, tokens: tf.Tensor2D, mode: Parameters<typeof embedTexts>[3]) =>
      embedTexts(config, p, tokens, mode),
    similarity,
    loss: contrastiveLoss,
  };
  return checkCase(contrastiveSubject<CLIP>(golden, towers), golden);
}
