// The attention block of the last stages: a transformer block on a map, with heads of at least 32 channels.

import { dropPath, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  type Activation,
  type Attention,
  attention,
  attentionSpec,
  type LayerNorm,
  layerNorm,
  layerNormSpec,
  type Mlp,
  mlp,
  mlpSpec,
} from "@vitrine/core/layers";

export interface AttentionBlock {
  norm1: LayerNorm;
  attn: Attention;
  norm2: LayerNorm;
  mlp: Mlp;
}

export interface AttentionBlockOptions {
  actLayer: Activation;
  /** Dropout behind attention and inside the perceptron. */
  dropRate: number;
  /** Chance that a branch is skipped for a sample in training. */
  dropPath: number;
}

const heads = 8;

export function attentionBlockSpec(dim: number, ratio: number): Spec<AttentionBlock> {
  const headDim = Math.max(Math.floor(dim / heads), 32);
  return {
    norm1: layerNormSpec(dim),
    attn: attentionSpec(dim, heads, { headDim, qkvBias: false }),
    norm2: layerNormSpec(dim),
    mlp: mlpSpec(dim, Math.trunc(dim * ratio)),
  };
}

/** Every position looks at every other one. x: [B, H, W, D] → [B, H, W, D]. */
export function attentionBlock(
  p: AttentionBlock,
  x: tf.Tensor4D,
  mode: Mode,
  { actLayer, dropRate, dropPath: rate }: AttentionBlockOptions,
): tf.Tensor4D {
  const epsilon = 1e-5;
  const [batch, height, width, dim] = x.shape;
  const tokens = tf.reshape(x, [batch, height * width, dim]) as tf.Tensor3D; //                     [B, N, D]
  const asked = layerNorm(p.norm1, tokens, epsilon);
  const mixed = tap(scope(mode, "attn"), attention(p.attn, asked, scope(mode, "attn"), { heads, projDrop: dropRate }));
  const middle = tf.add<tf.Tensor3D>(tokens, dropPath(mixed, rate, mode, "drop_path1"));
  const read = layerNorm(p.norm2, middle, epsilon);
  const thought = mlp(p.mlp, read, scope(mode, "mlp"), { activation: actLayer, drop: dropRate });
  const both = tf.add<tf.Tensor3D>(middle, dropPath(tap(scope(mode, "mlp"), thought), rate, mode, "drop_path2"));
  return tap(mode, tf.reshape(both, [batch, height, width, dim]) as tf.Tensor4D);
}
