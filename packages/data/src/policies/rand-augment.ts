// RandAugment, Cubuk et al. 2019, https://arxiv.org/abs/1909.13719, as timm has it: each of the operations drawn is
// done with a chance, at a level that may vary.

import { type Rng, VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { type AugmentLook, augment, type Noise } from "./augment.ts";
import type { AugmentName } from "./levels.ts";
import type { AugmentSet } from "./sets.ts";

export interface RandAugment extends AugmentSet, AugmentLook {
  op: "randAugment";
  /** Operations to an image. */
  layers: number;
  /** Chance of each of them. */
  prob: number;
  /** 0 … 10 by timm's scales. */
  level: number;
  noise: Noise;
  /** Where drawn levels are cut (10). */
  maxLevel: number;
}

export function randAugment(image: RawImage, op: RandAugment, rng: Rng): RawImage {
  let result = image;
  chooseTransforms(op, rng).forEach((name, layer) => {
    // A stream for each layer, so that a change to one leaves the draws of the others alone.
    result = augment(result, [name, op.prob, op.level], op.noise, op.maxLevel, op, rng.fold("layer", layer));
  });
  return result;
}

/**
 * The operations of an image: with repetition where all are as likely; by weight, and none twice, where there are
 * weights.
 */
export function chooseTransforms(
  { transforms, weights, layers }: AugmentSet & { layers: number },
  rng: Rng,
): AugmentName[] {
  if (weights === undefined) return Array.from({ length: layers }, () => transforms[rng.int(transforms.length)]!);
  if (layers > transforms.length || weights.length !== transforms.length) {
    const counts = `${transforms.length} operations, ${weights.length} weights and ${layers} layers`;
    throw new VitrineError("randAugment", `choices by weight take each operation once at most; found ${counts}`);
  }
  const left = [...weights];
  return Array.from({ length: layers }, () => {
    const chosen = byWeight(left, rng);
    left[chosen] = 0;
    return transforms[chosen]!;
  });
}

function byWeight(weights: readonly number[], rng: Rng): number {
  let rest = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!;
    if (rest < 0 && weights[i]! > 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
