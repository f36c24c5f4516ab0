// From tokens to one vector an image.

import { tf } from "../tf.ts";

export type TokenPool = "token" | "avg" | "max" | "avgmax";

/** The first token, or the mean, maximum, or both halved, of the tokens from `prefix` on. tokens: [B, N, D] → [B, D]. */
export function poolTokens(tokens: tf.Tensor3D, kind: TokenPool, prefix: number): tf.Tensor2D {
  if (kind === "token") return tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]);
  const patches = prefix === 0 ? tokens : tf.slice(tokens, [0, prefix, 0], [-1, -1, -1]); //            [B, N - prefix, D]
  const mean = () => tf.mean(patches, 1) as tf.Tensor2D;
  const max = () => tf.max(patches, 1) as tf.Tensor2D;
  if (kind === "avg") return mean();
  return kind === "max" ? max() : tf.mul(0.5, tf.add(max(), mean()));
}
