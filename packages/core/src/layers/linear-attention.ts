// Attention whose cost grows linearly with the number of tokens: with similarity φ(q)·φ(k) the sum over keys is made once
// for all queries. https://arxiv.org/abs/2006.16236

import { tf } from "../tf.ts";

/** elu(x) + 1, elementwise: the positive feature map of the paper. */
export function eluFeatures<T extends tf.Tensor>(x: T): T {
  return tf.add(tf.elu(x), 1);
}

/**
 * Σₙ φ(q)·φ(kₙ) vₙ / (Σₙ φ(q)·φ(kₙ) + ε), of queries and keys that the feature map has been applied to.
 * queries: [B, h, n, M], keys: [B, h, N, M], v: [B, h, N, d] → [B, h, n, d].
 */
export function featureAttention(queries: tf.Tensor4D, keys: tf.Tensor4D, v: tf.Tensor4D, epsilon = 0): tf.Tensor4D {
  const context = tf.matMul(keys, v, true); //                                                          [B, h, M, d]
  const total = tf.expandDims(tf.sum(keys, 2), 3); //                                                   [B, h, M, 1]
  const weight = tf.matMul(queries, total); //                                                          [B, h, n, 1]
  return tf.div(tf.matMul(queries, context), epsilon === 0 ? weight : tf.add(weight, epsilon));
}
