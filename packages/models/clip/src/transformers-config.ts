// What transformers saves beside a checkpoint of CLIP, as a variant with options.

import { type CLIPConfig, textDefaults, visionDefaults, visionOf } from "./config.ts";
import { sizes } from "./variants.ts";

export interface SavedModel {
  /** The variant of the same image tower; the smallest where there is none. */
  name: keyof typeof sizes;
  options: Partial<CLIPConfig>;
}

/**
 * The model of a `config.json` as transformers writes it; undefined where it is of another architecture. Keys that matter to
 * transformers alone are passed over.
 */
export function savedModel(json: unknown): SavedModel | undefined {
  const config = json as Record<string, unknown> | null;
  if (config === null || typeof config !== "object" || config.model_type !== "clip") return undefined;
  const vision = camelCased(config.vision_config);
  const text = camelCased(config.text_config);
  const found = {
    imgSize: vision.imageSize,
    inChans: vision.numChannels,
    visionConfig: known(vision, visionDefaults),
    textConfig: known(text, textDefaults),
    projectionDim: config.projection_dim,
    logitScaleInitValue: config.logit_scale_init_value,
  };
  const given = Object.entries(found).filter(([, value]) => value !== undefined);
  const options = Object.fromEntries(given) as Partial<CLIPConfig>;
  return { name: nearest(options), options };
}

function nearest(options: Partial<CLIPConfig>): keyof typeof sizes {
  const look = ({ imgSize = 224, visionConfig = {} }: Partial<CLIPConfig>) => {
    const { hiddenSize, numHiddenLayers, patchSize } = visionOf({ visionConfig });
    return [imgSize, hiddenSize, numHiddenLayers, patchSize].join();
  };
  const names = Object.keys(sizes) as (keyof typeof sizes)[];
  return names.find((name) => look(sizes[name]) === look(options)) ?? "clip_vit_base_patch32";
}

function camelCased(value: unknown): Record<string, unknown> {
  const camel = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, inner]) => [camel(key), inner]));
}

function known(given: Record<string, unknown>, base: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([key, value]) => key in base && value !== null));
}
