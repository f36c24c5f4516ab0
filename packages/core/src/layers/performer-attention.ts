// Self-attention of performer-pytorch: FAVOR+ between four linear layers, with the projection among the weights.
// Choromanski et al. 2021, https://arxiv.org/abs/2009.14794

import { VitrineError } from "../errors.ts";
import type { Initializer } from "../init.ts";
import { type Mode, scope } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import { buffer, type Spec } from "../params.ts";
import { tf } from "../tf.ts";
import { type FavorKernel, favorAttention, favorFeatures, favorProjection } from "./favor.ts";
import { type Linear, linear, linearSpec } from "./linear.ts";

export interface PerformerAttention {
  fast_attention: { projection_matrix: tf.Tensor2D };
  to_q: Linear;
  to_k: Linear;
  to_v: Linear;
  to_out: Linear;
}

export interface PerformerAttentionSpecOptions {
  /** Width of a head. Default 64, whatever the number of heads. */
  dimHead?: number;
  /** Random features. Default `dimHead` · ln `dimHead`. */
  nbFeatures?: number;
  qkvBias?: boolean;
  attnOutBias?: boolean;
}

export interface PerformerAttentionOptions {
  heads: number;
  kernel?: FavorKernel;
  dropout?: number;
}

/** @throws VitrineError where `heads` does not divide `dim`. */
export function performerAttentionSpec(
  dim: number,
  heads: number,
  options: PerformerAttentionSpecOptions = {},
): Spec<PerformerAttention> {
  if (dim % heads !== 0) throw new VitrineError("performer", `dim ${dim} is not divisible by heads ${heads}`);
  const { dimHead = 64, nbFeatures = favorFeatures(dimHead), qkvBias = false, attnOutBias = true } = options;
  const inner = dimHead * heads;
  return {
    fast_attention: { projection_matrix: buffer([nbFeatures, dimHead], drawProjection) },
    to_q: linearSpec(dim, inner, { bias: qkvBias }),
    to_k: linearSpec(dim, inner, { bias: qkvBias }),
    to_v: linearSpec(dim, inner, { bias: qkvBias }),
    to_out: linearSpec(inner, dim, { bias: attnOutBias }),
  };
}

const drawProjection: Initializer = ([features, headDim], rng) => favorProjection(features!, headDim!, rng);

/** x: [B, N, D] → [B, N, D]. */
export function performerAttention(
  p: PerformerAttention,
  x: tf.Tensor3D,
  mode: Mode,
  { heads, kernel = "softmax", dropout: rate = 0 }: PerformerAttentionOptions,
): tf.Tensor3D {
  const [batch, tokens] = x.shape;
  const inner = p.to_q.weight.shape[1];
  const [q, k, v] = [p.to_q, p.to_k, p.to_v].map((layer) => {
    const rows = tf.reshape(linear(layer, x), [batch, tokens, heads, inner / heads]);
    return tf.transpose(rows, [0, 2, 1, 3]) as tf.Tensor4D; //                                          [B, h, N, d]
  }) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const mixed = favorAttention(q, k, v, p.fast_attention.projection_matrix, kernel);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, inner]) as tf.Tensor3D;
  return dropout(linear(p.to_out, joined), rate, scope(mode, "dropout"));
}
