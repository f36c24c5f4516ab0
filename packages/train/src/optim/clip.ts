// Clipping of gradients by the norm of all of them together, PyTorch's `clip_grad_norm_`.

import { tf } from "@vitrine/core";
import type { Tensors } from "./transform.ts";

/** L2 norm of all tensors together. */
export function globalNorm(grads: Tensors): tf.Scalar {
  return tf.tidy(() => tf.sqrt(tf.addN([...grads.values()].map((grad) => tf.sum(tf.square(grad)) as tf.Scalar))));
}

/** Gradients scaled by `maxNorm / (norm + 1e-6)` where that is below 1. `norm` is the norm before. */
export function clipByGlobalNorm(grads: Tensors, maxNorm: number): { grads: Map<string, tf.Tensor>; norm: tf.Scalar } {
  const norm = globalNorm(grads);
  const factor = tf.tidy(() => tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6))));
  const clipped = new Map([...grads].map(([path, grad]) => [path, tf.mul(grad, factor)]));
  factor.dispose();
  return { grads: clipped, norm };
}
