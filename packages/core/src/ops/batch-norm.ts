// Batch normalisation by the batch's own statistics. https://arxiv.org/abs/1502.03167

import { defineOp } from "../define-op.ts";
import { tf } from "../tf.ts";

type Attrs = { epsilon: number };

const rows = (x: tf.Tensor) => x.shape.slice(0, -1).map((_, axis) => axis);
const inverseDeviation = (variance: tf.Tensor, epsilon: number) => tf.rsqrt(tf.add(variance, epsilon));

/**
 * The gradient of one input. An op of its own, so that a compiler can share the sums among the three; elsewhere each is
 * computed alone, since tfjs disposes what the gradient of one input has made before it asks for the next.
 */
const gradOp = defineOp<
  { dy: tf.Tensor; x: tf.Tensor; scale: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
  Attrs & { of: "x" | "scale" | "offset" }
>("BatchNormTrainGrad", {
  forward: ({ dy, x, scale, mean, variance }, { epsilon, of }) => {
    if (of === "offset") return tf.sum(dy, rows(x));
    const inverse = inverseDeviation(variance, epsilon);
    const normalised = tf.mul(tf.sub(x, mean), inverse);
    if (of === "scale") return tf.sum(tf.mul(dy, normalised), rows(x));
    const along = tf.mul(normalised, tf.mean(tf.mul(dy, normalised), rows(x)));
    const explained = tf.add(along, tf.mean(dy, rows(x)));
    return tf.mul(tf.sub(dy, explained), tf.mul(scale, inverse));
  },
});

const op = defineOp<{ x: tf.Tensor; scale: tf.Tensor; offset: tf.Tensor }, Attrs>("BatchNormTrain", {
  forward: ({ x, scale, offset }, { epsilon }) => {
    const mean = tf.mean(x, rows(x));
    const centred = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centred), rows(x));
    const factor = tf.mul(scale, inverseDeviation(variance, epsilon));
    return [tf.add(tf.mul(centred, factor), offset), mean, variance];
  },
  save: { inputs: ["x", "scale"], outputs: [false, true, true] },
  gradient: ([dy], [x, scale, mean, variance], { epsilon }) => {
    const inputs = { dy: dy!, x: x!, scale: scale!, mean: mean!, variance: variance! };
    const of = (name: "x" | "scale" | "offset") => () => gradOp(inputs, { epsilon, of: name })[0]!;
    return { x: of("x"), scale: of("scale"), offset: of("offset") };
  },
});

export interface BatchNormResult<T extends tf.Tensor> {
  y: T;
  /** Mean of the batch. [C] */
  mean: tf.Tensor1D;
  /** Biased variance of the batch. [C] */
  variance: tf.Tensor1D;
}

/**
 * `(x - mean) / √(variance + epsilon) · scale + offset` with mean and variance over all axes but the last.
 * x: [B, ..., C] → [B, ..., C]. The statistics are for running averages: no gradient flows back through them.
 */
export function batchNormTrain<T extends tf.Tensor>(
  x: T,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): BatchNormResult<T> {
  const [y, mean, variance] = op({ x, scale, offset }, { epsilon }) as [T, tf.Tensor1D, tf.Tensor1D];
  return { y, mean, variance };
}
