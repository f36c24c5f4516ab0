// Pooling by attention: a learned query asks all tokens, and a perceptron thinks the answer over.
// https://arxiv.org/abs/1810.00825, as the image tower of SigLIP (https://arxiv.org/abs/2303.15343) has it.

import { truncNormal } from "../init.ts";
import { type Mode, scope, tap } from "../mode.ts";
import { param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";
import type { Activation } from "./activation.ts";
import { type Linear, linear, linearSpec } from "./linear.ts";
import { type Mlp, mlp, mlpSpec } from "./mlp.ts";
import { type LayerNorm, layerNorm, layerNormSpec } from "./norm.ts";

export interface AttentionPool {
  latent: tf.Tensor3D;
  q: Linear;
  kv: Linear;
  proj: Linear;
  norm: LayerNorm;
  mlp: Mlp;
}

export interface AttentionPoolOptions {
  heads: number;
  epsilon?: number;
  activation?: Activation;
}

export function attentionPoolSpec(dim: number, mlpRatio: number): Spec<AttentionPool> {
  return {
    latent: param([1, 1, dim], truncNormal(dim ** -0.5)),
    q: linearSpec(dim, dim),
    kv: linearSpec(dim, 2 * dim),
    proj: linearSpec(dim, dim),
    norm: layerNormSpec(dim),
    mlp: mlpSpec(dim, Math.trunc(dim * mlpRatio)),
  };
}

/** tokens: [B, N, D] → [B, D]. */
export function attentionPool(
  p: AttentionPool,
  tokens: tf.Tensor3D,
  mode: Mode,
  { heads, epsilon = 1e-6, activation = "gelu" }: AttentionPoolOptions,
): tf.Tensor2D {
  const [batch, count, dim] = tokens.shape;
  const size = dim / heads;
  const q = tf.reshape(tf.mul(linear(p.q, p.latent), size ** -0.5), [1, heads, 1, size]);
  const packed = tf.reshape(linear(p.kv, tokens), [batch, count, 2, heads, size]);
  const [k, v] = tf.unstack(tf.transpose(packed, [2, 0, 3, 1, 4]), 0) as [tf.Tensor4D, tf.Tensor4D]; // [B, h, N, d]
  const scores = tf.sum(tf.mul(q, k), -1); //                                                           [B, h, N]
  const weights = tap(mode, tf.expandDims(tf.softmax(scores), 2), "weights"); //                        [B, h, 1, N]
  const mixed = linear(p.proj, tf.reshape(tf.matMul(weights, v), [batch, dim]) as tf.Tensor2D); //      [B, D]
  const thought = mlp(p.mlp, layerNorm(p.norm, mixed, epsilon), scope(mode, "mlp"), { activation });
  return tap(mode, tf.add(mixed, thought));
}
