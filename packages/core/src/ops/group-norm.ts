// Group normalisation. https://arxiv.org/abs/1803.08494

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

type Attrs = { groups: number; epsilon: number };

/** Positions of a sample together: [B, ..., C] → [B, S, G, C/G]; with one group, whose statistics are of everything, [B, S·C]. */
function grouped(x: tf.Tensor, groups: number): tf.Tensor {
  const channels = x.shape.at(-1)!;
  const positions = tf.util.sizeFromShape(x.shape.slice(1, -1));
  const shape = groups === 1 ? [positions * channels] : [positions, groups, channels / groups];
  return tf.reshape(x, [x.shape[0]!, ...shape]);
}

/** Means over each group of each sample, with axes of size 1 kept. */
const means = (x: tf.Tensor) => tf.mean(x, x.rank === 2 ? 1 : [1, 3], true);

const op = defineOp<{ x: tf.Tensor; scale: tf.Tensor; offset: tf.Tensor }, Attrs>("GroupNorm", {
  forward: ({ x, scale, offset }, { groups, epsilon }) => {
    const samples = grouped(x, groups);
    const mean = means(samples);
    const centred = tf.sub(samples, mean);
    const inverse = tf.rsqrt(tf.add(means(tf.square(centred)), epsilon));
    const normalised = tf.reshape(tf.mul(centred, inverse), x.shape);
    return [tf.add(tf.mul(normalised, scale), offset), mean, inverse];
  },
  save: { inputs: ["x", "scale"], outputs: [false, true, true] },
  gradient: ([dy], [x, scale, mean, inverse], { groups }) => {
    // Computed anew for each input: tfjs runs each gradient in a tidy of its own. A compiler merges the repeats.
    const normalised = () => tf.mul(tf.sub(grouped(x!, groups), mean!), inverse!);
    const rows = x!.shape.slice(0, -1).map((_, axis) => axis);
    return {
      x: () => {
        const d = grouped(tf.mul(dy!, scale!), groups);
        const xhat = normalised();
        const along = tf.mul(xhat, means(tf.mul(d, xhat)));
        return tf.reshape(tf.mul(inverse!, tf.sub(tf.sub(d, means(d)), along)), x!.shape);
      },
      scale: () => tf.sum(tf.mul(dy!, tf.reshape(normalised(), x!.shape)), rows),
      offset: () => tf.sum(dy!, rows),
    };
  },
});

/**
 * `(x - mean) / √(variance + epsilon) · scale + offset`; mean and (biased) variance of each sample over all its positions
 * and the channels of a group. x: [B, ..., C] → [B, ..., C].
 */
export function groupNorm<T extends tf.Tensor>(
  x: T,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  groups: number,
  epsilon: number,
): T {
  return op({ x, scale, offset }, { groups, epsilon })[0] as T;
}
