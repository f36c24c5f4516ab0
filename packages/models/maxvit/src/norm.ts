// The two norms of the family, and a norm with an activation behind it.

import type { Mode, Spec, tf } from "@vitrine/core";
import {
  activations,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type LayerNorm,
  layerNorm,
  layerNormSpec,
} from "@vitrine/core/layers";
import type { MaxViTConfig, NormKind } from "./config.ts";

export type Norm = BatchNorm | LayerNorm;

export function normSpec(kind: NormKind, channels: number): Spec<Norm> {
  return kind === "batchnorm2d" ? batchNormSpec(channels) : layerNormSpec(channels);
}

/** x: [B, ..., C] → [B, ..., C]. */
export function norm<T extends tf.Tensor>(p: Norm, x: T, mode: Mode, epsilon: number): T {
  return "running_mean" in p ? batchNorm(p, x, mode, { epsilon }) : layerNorm(p, x, epsilon);
}

/** The norm of convolution blocks, with their activation unless told otherwise. */
export function normAct(c: MaxViTConfig, p: Norm, x: tf.Tensor4D, mode: Mode, activate = true): tf.Tensor4D {
  const normed = norm(p, x, mode, c.convNormEps);
  return activate ? activations[c.convActLayer](normed) : normed;
}
