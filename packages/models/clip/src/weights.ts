// Published checkpoints by variant and tag.

import { clipMean, clipStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How images are prepared: the shortest side to the model's size, and the centre of it. */
export const preparation: Preparation = {
  cropPct: 1,
  cropMode: "center",
  interpolation: "bicubic",
  mean: clipMean,
  std: clipStd,
};

const openai = (hub: string) => ({ openai: { hub: `openai/${hub}`, license: "mit", numClasses: 0 } });

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  clip_vit_base_patch32: openai("clip-vit-base-patch32"),
  clip_vit_base_patch16: openai("clip-vit-base-patch16"),
  clip_vit_large_patch14: openai("clip-vit-large-patch14"),
  clip_vit_large_patch14_336: openai("clip-vit-large-patch14-336"),
};
