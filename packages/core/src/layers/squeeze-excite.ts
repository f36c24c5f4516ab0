// Channel attention: each channel is weighted by a gate that has seen the mean of all channels.
// https://arxiv.org/abs/1709.01507, and with one layer only https://arxiv.org/abs/1911.06667

import type { Spec } from "../params.ts";
import { tf } from "../tf.ts";
import { type Activation, activations } from "./activation.ts";
import { type Conv, type ConvSpecOptions, pixelLinear, pixelLinearSpec } from "./conv.ts";

/** timm's `SEModule`: its layers are convolutions of one pixel. */
export interface SqueezeExcite {
  fc1: Conv;
  fc2: Conv;
}

export interface SqueezeExciteOptions {
  activation?: Activation;
  gate?: Activation;
}

export function squeezeExciteSpec(
  channels: number,
  reduced: number,
  options: Omit<ConvSpecOptions, "groups"> = {},
): Spec<SqueezeExcite> {
  return { fc1: pixelLinearSpec(channels, reduced, options), fc2: pixelLinearSpec(reduced, channels, options) };
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function squeezeExcite(
  p: SqueezeExcite,
  x: tf.Tensor4D,
  { activation = "relu", gate = "sigmoid" }: SqueezeExciteOptions = {},
): tf.Tensor4D {
  const squeezed = activations[activation](pixelLinear(p.fc1, tf.mean(x, [1, 2], true) as tf.Tensor4D)); // [B, 1, 1, R]
  return tf.mul(x, activations[gate](pixelLinear(p.fc2, squeezed)));
}

/** timm's `EffectiveSEModule`. */
export interface EffectiveSqueezeExcite {
  fc: Conv;
}

export function effectiveSqueezeExciteSpec(
  channels: number,
  options: Omit<ConvSpecOptions, "groups"> = {},
): Spec<EffectiveSqueezeExcite> {
  return { fc: pixelLinearSpec(channels, channels, options) };
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function effectiveSqueezeExcite(
  p: EffectiveSqueezeExcite,
  x: tf.Tensor4D,
  { gate = "hard_sigmoid" }: Pick<SqueezeExciteOptions, "gate"> = {},
): tf.Tensor4D {
  return tf.mul(x, activations[gate](pixelLinear(p.fc, tf.mean(x, [1, 2], true) as tf.Tensor4D)));
}
