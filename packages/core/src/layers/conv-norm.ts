// A convolution, batch norm and an activation: the unit most convolutional networks are made of. timm's `ConvNormAct`.

import { type Mode, scope } from "../mode.ts";
import type { Spec } from "../params.ts";
import type { tf } from "../tf.ts";
import { type Activation, activations } from "./activation.ts";
import { type Conv, type ConvOptions, type ConvSpecOptions, conv, convSpec } from "./conv.ts";
import { type BatchNorm, type BatchNormOptions, batchNorm, batchNormSpec } from "./norm.ts";

export interface ConvNorm {
  conv: Conv;
  bn: BatchNorm;
}

export interface ConvNormSpecOptions extends ConvSpecOptions {
  /** Initialiser of the norm's weight. */
  normInit?: Parameters<typeof batchNormSpec>[1];
}

export interface ConvNormOptions extends ConvOptions, BatchNormOptions {
  /** Left out, there is none. */
  activation?: Activation;
}

/** Without a bias unless asked for: the norm would take it away again. */
export function convNormSpec(
  kernel: number,
  from: number,
  to: number,
  { normInit, ...options }: ConvNormSpecOptions = {},
): Spec<ConvNorm> {
  return { conv: convSpec(kernel, from, to, { bias: false, ...options }), bn: batchNormSpec(to, normInit) };
}

/** x: [B, H, W, I] → [B, H', W', O]. The padding is left out as timm has it: the size stays, but for the stride. */
export function convNorm(p: ConvNorm, x: tf.Tensor4D, mode: Mode, options: ConvNormOptions = {}): tf.Tensor4D {
  const { stride = 1, dilation = 1, activation } = options;
  const padding = options.padding ?? symmetricPadding(p.conv.weight.shape[0], stride, dilation);
  const normed = batchNorm(p.bn, conv(p.conv, x, { stride, padding, dilation }), scope(mode, "bn"), options);
  return activation === undefined ? normed : activations[activation](normed);
}

/** Padding on each side under which the image keeps its size, or is divided by the stride. timm's `get_padding`. */
export function symmetricPadding(kernel: number, stride = 1, dilation = 1): number {
  return Math.floor((stride - 1 + dilation * (kernel - 1)) / 2);
}
