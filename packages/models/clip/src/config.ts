// Configuration of the two towers, under the names of transformers' CLIPConfig in camel case, with its defaults.

import { type BaseConfig, didYouMean, VitrineError } from "@vitrine/core";
import type { Activation } from "@vitrine/core/layers";

/** What both towers have. */
export interface TowerConfig {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  hiddenAct: Extract<Activation, "quick_gelu" | "gelu">;
  layerNormEps: number;
  attentionDropout: number;
}

export interface CLIPVisionConfig extends TowerConfig {
  patchSize: number;
}

export interface CLIPTextConfig extends TowerConfig {
  vocabSize: number;
  /** The context length: tokens of a text, start and end among them. */
  maxPositionEmbeddings: number;
  /** The token whose place, the first where there are several, stands for the text. 2 for: the largest of a text's tokens. */
  eosTokenId: number;
  bosTokenId: number;
  padTokenId: number;
}

/** The size of images is `imgSize`, their channels `inChans`, as in other families. */
export interface CLIPConfig extends BaseConfig {
  /** What differs from `visionDefaults`. */
  visionConfig: Partial<CLIPVisionConfig>;
  /** What differs from `textDefaults`; null for the image tower alone. */
  textConfig: Partial<CLIPTextConfig> | null;
  /** Width of the space that images and texts share. */
  projectionDim: number;
  logitScaleInitValue: number;
}

export const visionDefaults: CLIPVisionConfig = {
  hiddenSize: 768,
  intermediateSize: 3072,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  patchSize: 32,
  hiddenAct: "quick_gelu",
  layerNormEps: 1e-5,
  attentionDropout: 0,
};

export const textDefaults: CLIPTextConfig = {
  vocabSize: 49408,
  hiddenSize: 512,
  intermediateSize: 2048,
  numHiddenLayers: 12,
  numAttentionHeads: 8,
  maxPositionEmbeddings: 77,
  hiddenAct: "quick_gelu",
  layerNormEps: 1e-5,
  attentionDropout: 0,
  padTokenId: 1,
  bosTokenId: 49406,
  eosTokenId: 49407,
};

/** openai/clip-vit-base-patch32, with embeddings as its answer. */
export const defaults: CLIPConfig = {
  numClasses: 0,
  imgSize: 224,
  inChans: 3,
  visionConfig: {},
  textConfig: {},
  projectionDim: 512,
  logitScaleInitValue: 2.6592,
};

/** The image tower's configuration in full. @throws VitrineError for a key that it does not have. */
export function visionOf(c: Pick<CLIPConfig, "visionConfig">): CLIPVisionConfig {
  return complete("visionConfig", visionDefaults, c.visionConfig);
}

/** The text tower's configuration in full; null for a model without one. @throws VitrineError for a key it does not have. */
export function textOf(c: Pick<CLIPConfig, "textConfig">): CLIPTextConfig | null {
  return c.textConfig === null ? null : complete("textConfig", textDefaults, c.textConfig);
}

const elsewhere: Readonly<Record<string, string>> = { imageSize: "imgSize", numChannels: "inChans" };

function complete<T extends TowerConfig>(name: string, base: T, given: Partial<T>): T {
  for (const key of Object.keys(given)) {
    if (key in base) continue;
    const known = Object.keys(base);
    const next = elsewhere[key]
      ? `; the option ${elsewhere[key]} of the model says it`
      : `${didYouMean(key, known)}. It has ${known.join(", ")}`;
    throw new VitrineError("clip", `unknown "${key}" in ${name}${next}`, { usage: true });
  }
  const full = { ...base, ...given };
  if (full.hiddenSize % full.numAttentionHeads === 0) return full;
  const message = `${name}: hiddenSize ${full.hiddenSize} is not divisible by numAttentionHeads ${full.numAttentionHeads}`;
  throw new VitrineError("clip", message, { usage: true });
}
