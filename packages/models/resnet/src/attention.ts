// Attention over channels at the end of a block: squeeze and excitation (https://arxiv.org/abs/1709.01507), or one small
// convolution along the channels (ECA, https://arxiv.org/abs/1910.03151).

import { fanInUniform, normal, type ParamSpec, param, type Spec, tf } from "@vitrine/core";
import { makeDivisible, type SqueezeExcite, squeezeExcite, squeezeExciteSpec } from "@vitrine/core/layers";

export interface ChannelAttention {
  attnLayer?: "se" | "eca";
  /** Channels of the squeezed layer, as a share. Default 1/16. */
  rdRatio?: number;
}

/** [1, 1, k] as in the reference. */
export interface Eca {
  conv: { weight: tf.Tensor3D };
}

export type BlockAttention = SqueezeExcite | Eca;

export function blockAttentionSpec(
  { attnLayer, rdRatio = 1 / 16 }: ChannelAttention,
  channels: number,
): { se?: Spec<BlockAttention> } {
  if (attnLayer === "eca") return { se: { conv: { weight: ecaWeight(channels) } } };
  if (attnLayer !== "se") return {};
  const reduced = makeDivisible(channels * rdRatio, 8, 0);
  const { fc1, fc2 } = squeezeExciteSpec(channels, reduced);
  // Convolutions of one pixel: their weights begin as those of all convolutions do, their biases by their inputs.
  const weight = (given: ParamSpec, to: number) => ({ ...given, init: normal(Math.sqrt(2 / to)) });
  return {
    se: { fc1: { ...fc1, weight: weight(fc1.weight, reduced) }, fc2: { ...fc2, weight: weight(fc2.weight, channels) } },
  };
}

/** The kernel grows with the logarithm of the channels, and is odd. */
function ecaWeight(channels: number): ParamSpec {
  const size = Math.trunc(Math.abs(Math.log2(channels) + 1) / 2);
  const kernel = Math.max(3, size % 2 === 1 ? size : size + 1);
  return param([1, 1, kernel], fanInUniform(kernel));
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function blockAttention({ attnLayer }: ChannelAttention, p: BlockAttention, x: tf.Tensor4D): tf.Tensor4D {
  return attnLayer === "eca" ? eca(p as Eca, x) : squeezeExcite(p as SqueezeExcite, x);
}

function eca({ conv: { weight } }: Eca, x: tf.Tensor4D): tf.Tensor4D {
  const [batch, , , channels] = x.shape;
  const kernel = weight.shape[2];
  const reach = (kernel - 1) / 2;
  const padded = tf.pad2d(tf.mean(x, [1, 2]) as tf.Tensor2D, [[0, 0], [reach, reach]]); // biome-ignore format: one line
  const taps = Array.from({ length: kernel }, (_, i) => tf.slice(padded, [0, i], [-1, channels]));
  const seen = tf.reshape(tf.stack(taps, 2), [-1, kernel]) as tf.Tensor2D; //                       [B·C, k]
  const mixed = tf.matMul(seen, tf.reshape(weight, [kernel, 1]) as tf.Tensor2D);
  return tf.mul(x, tf.sigmoid(tf.reshape(mixed, [batch, 1, 1, channels])));
}
