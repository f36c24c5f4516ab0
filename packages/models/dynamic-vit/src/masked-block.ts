// The block of training: all tokens go through it, but nobody attends to those that have gone (except each to itself), so
// that what stays is as if they were not there, and the decision has a gradient.

import { detached, dropout, dropPath, type Mode, scope, tap, tf } from "@vitrine/core";
import {
  type Attention,
  layerNorm,
  linear,
  mlp,
  type TransformerBlock,
  type TransformerBlockConfig,
} from "@vitrine/core/layers";

const epsilon = 1e-6;

export interface MaskedBlockOptions {
  /** Chance that a branch is skipped for a sample. */
  dropPath: number;
  /** How many of the first tokens are wanted; all of them when left out. */
  queries?: number | undefined;
}

/** x: [B, N, D]; policy: [B, N], 1 for each token that is left, which always the class token is → [B, queries, D]. */
export function maskedBlock(
  c: TransformerBlockConfig,
  p: TransformerBlock,
  x: tf.Tensor3D,
  policy: tf.Tensor2D,
  mode: Mode,
  { dropPath: rate, queries = x.shape[1] }: MaskedBlockOptions,
): tf.Tensor3D {
  const inside = (name: string) => scope(mode, name);
  const asked = layerNorm(p.norm1, x, c.normEps);
  const mixed = dropout(
    attention(c, p.attn, asked, policy, queries),
    c.projDropRate,
    scope(inside("attn"), "proj_drop"),
  );
  const kept = tf.slice(x, [0, 0, 0], [-1, queries, -1]);
  const middle = tf.add(kept, dropPath(tap(inside("attn"), mixed), rate, mode, "drop_path1")) as tf.Tensor3D;
  const read = layerNorm(p.norm2, middle, c.normEps);
  const thought = mlp(p.mlp, read, inside("mlp"), { activation: c.actLayer, drop: c.projDropRate });
  return tap(mode, tf.add(middle, dropPath(tap(inside("mlp"), thought), rate, mode, "drop_path2")) as tf.Tensor3D);
}

function attention(
  { numHeads: heads }: TransformerBlockConfig,
  p: Attention,
  x: tf.Tensor3D,
  policy: tf.Tensor2D,
  queries: number,
): tf.Tensor3D {
  const [batch, tokens, dim] = x.shape;
  const size = dim / heads;
  const packed = tf.reshape(linear(p.qkv, x), [batch, tokens, 3, heads, size]);
  const [all, k, v] = tf.unstack(tf.transpose(packed, [2, 0, 3, 1, 4]), 0) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const q = tf.slice(all, [0, 0, 0, 0], [-1, -1, queries, -1]); //                                      [B, h, n, d]
  const scores = tf.matMul(tf.mul(q, size ** -0.5), k, false, true); //                                 [B, h, n, N]

  const seen = tf.reshape(policy, [batch, 1, 1, tokens]);
  const self = tf.slice(tf.eye(tokens), [0, 0], [queries, -1]); //                                      [n, N]
  const mask = tf.add(seen, tf.mul(tf.sub(1, seen), self)); //                                          [B, 1, n, N]
  // The largest score is taken off for the sake of large ones; the weights do not depend on it but for `epsilon`.
  const largest = detached(() => tf.max(scores, -1, true));
  const weights = tf.mul(tf.exp(tf.sub(scores, largest)), mask) as tf.Tensor4D; //                      [B, h, n, N]
  // (w + ε/N) / (Σ w + ε) of each weight, times the values: the division comes behind the product, where it is small work.
  const total = tf.add(tf.sum(weights, -1, true), epsilon); //                                          [B, h, n, 1]
  const mixed = tf.div(tf.add(tf.matMul(weights, v), tf.mul(tf.mean(v, 2, true), epsilon)), total); //  [B, h, n, d]
  return linear(p.proj, tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, dim]) as tf.Tensor3D);
}
