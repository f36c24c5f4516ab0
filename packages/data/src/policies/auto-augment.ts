// AutoAugment, Cubuk et al. 2018, https://arxiv.org/abs/1805.09501: one row of a learnt table for each image.

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { type AugmentLook, augment, type Noise } from "./augment.ts";
import type { SubPolicy } from "./auto-augment-tables.ts";
import { fullLevel } from "./levels.ts";

export interface AutoAugment extends AugmentLook {
  op: "autoAugment";
  /** Rows, each as likely as the others. */
  policy: readonly SubPolicy[];
  noise: Noise;
}

export function autoAugment(image: RawImage, op: AutoAugment, rng: Rng): RawImage {
  let result = image;
  op.policy[rng.int(op.policy.length)]!.forEach((step, i) => {
    result = augment(result, step, op.noise, fullLevel, op, rng.fold("step", i));
  });
  return result;
}
