// Which parameters get weight decay, and how fast each learns: timm's `param_groups_weight_decay` and
// `param_groups_layer_decay`, as functions of a parameter's path.

import { type Model, specLeaves, VitrineError } from "@vitrine/core";

/** Whether weight decay applies to a parameter: the spec says so, by timm's rule (matrices yes, vectors and tables no). */
export function decayMask(spec: object): (path: string) => boolean {
  const decaying = new Set(specLeaves(spec).flatMap(([path, leaf]) => (leaf.trainable && leaf.decay ? [path] : [])));
  return (path) => decaying.has(path);
}

export interface LayerDecay {
  /** Factor from a layer to the one before it. timm suggests 0.75 for vision transformers. */
  decay: number;
  /** Smallest factor. Default 0. */
  minScale?: number;
  /** Layers with a factor below it are not trained at all. */
  noOptScale?: number;
}

/** Factors on the learning rate: 1 for the head, `decay` times as much for each layer below. */
export function layerScales(
  model: Pick<Model, "spec" | "depth">,
  { decay, minScale = 0, noOptScale = 0 }: LayerDecay,
): { rateScale: (path: string) => number; frozen: (path: string) => boolean } {
  if (!(decay > 0 && decay <= 1))
    throw new VitrineError("layerDecay", `must lie in (0, 1], found ${decay}`, { usage: true });
  const paths = specLeaves(model.spec).map(([path]) => path);
  const deepest = Math.max(...paths.map((path) => model.depth(path)));
  const scale = (path: string) => decay ** (deepest - model.depth(path));
  return { rateScale: (path) => Math.max(minScale, scale(path)), frozen: (path) => scale(path) < noOptScale };
}
