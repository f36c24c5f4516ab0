// Layer normalisation over the last axis. https://arxiv.org/abs/1607.06450

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

const op = defineOp<{ x: tf.Tensor; scale: tf.Tensor; offset: tf.Tensor }, { epsilon: number }>("LayerNorm", {
  forward: ({ x, scale, offset }, { epsilon }) => {
    const mean = tf.mean(x, -1, true);
    const centred = tf.sub(x, mean);
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    return [tf.add(tf.mul(tf.mul(centred, inverse), scale), offset), mean, inverse];
  },
  save: { inputs: ["x", "scale"], outputs: [false, true, true] },
  gradient: ([dy], [x, scale, mean, inverse]) => {
    // Computed anew for each input: tfjs runs each gradient in a tidy of its own. A compiler merges the repeats.
    const normalised = () => tf.mul(tf.sub(x!, mean!), inverse!);
    const rows = x!.shape.slice(0, -1).map((_, axis) => axis);
    return {
      x: () => {
        const d = tf.mul(dy!, scale!);
        const xhat = normalised();
        const along = tf.mul(xhat, tf.mean(tf.mul(d, xhat), -1, true));
        return tf.mul(inverse!, tf.sub(tf.sub(d, tf.mean(d, -1, true)), along));
      },
      scale: () => tf.sum(tf.mul(dy!, normalised()), rows),
      offset: () => tf.sum(dy!, rows),
    };
  },
});

/** `(x - mean) / √(variance + epsilon) · scale + offset`; mean and (biased) variance over the last axis. */
export function layerNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor1D, offset: tf.Tensor1D, epsilon: number): T {
  return op({ x, scale, offset }, { epsilon })[0] as T;
}
