// Attention of several heads in windows, with a bias for each pair of tokens; what Swin and both forms of Swin v2 share.

import { dropout, type Mode, scope, tf } from "@vitrine/core";

export type Heads = [q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D];

/** Queries, keys and values apart. packed: [M, N, 3·h·d] → each [M, h, N, d]. */
export function splitHeads(packed: tf.Tensor3D, heads: number): Heads {
  const [count, tokens, width] = packed.shape;
  const apart = tf.reshape(packed, [count, tokens, 3, heads, width / (3 * heads)]);
  return tf.unstack(tf.transpose(apart, [2, 0, 3, 1, 4]), 0) as Heads;
}

/**
 * Softmax(q kᵀ + bias + mask) v. q, k, v: [B·nW, h, N, d]; bias: [h, N, N]; mask: [nW, 1, N, N] → [B·nW, N, h·d].
 */
export function attendWithBias(
  [q, k, v]: Heads,
  bias: tf.Tensor3D,
  mask: tf.Tensor4D | undefined,
  attnDrop: number,
  mode: Mode,
): tf.Tensor3D {
  const [count, heads, tokens, size] = q.shape;
  const scores = tf.matMul(q, k, false, true) as tf.Tensor4D; //                                                    [B·nW, h, N, N]
  const weights = tf.softmax(mask === undefined ? tf.add(scores, bias) : addMasked(scores, bias, mask)) as tf.Tensor4D;
  const mixed = tf.matMul(dropout(weights, attnDrop, scope(mode, "attn_drop")), v); //               [B·nW, h, N, d]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [count, tokens, heads * size]);
}

/** The bias and the mask are added to each other first: they are small, the scores of a batch are not. */
function addMasked(scores: tf.Tensor4D, bias: tf.Tensor3D, mask: tf.Tensor4D): tf.Tensor4D {
  const [count, heads, tokens] = scores.shape;
  const windows = mask.shape[0];
  const images = tf.reshape(scores, [count / windows, windows, heads, tokens, tokens]);
  return tf.reshape(tf.add(images, tf.add(mask, bias)), scores.shape);
}

/** What cosines are multiplied by: learned as a logarithm, and never more than 100. */
export function temperature<T extends tf.Tensor>(logitScale: T): T {
  return tf.exp(tf.minimum(logitScale, Math.log(100)));
}

/** Kept windows of attention are told apart by image: [B·nW, N, C] → [B, nW·N, C] for `tokens` = nW·N. */
export function byImage(windows: tf.Tensor3D, batch: number): tf.Tensor3D {
  return tf.reshape(windows, [batch, -1, windows.shape[2]]);
}
