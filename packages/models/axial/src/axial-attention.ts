// Axial attention, Ho et al. 2019, https://arxiv.org/abs/1912.12180: self-attention along one axis of an image (or volume) at
// a time, so that cost grows with the side and not with the area. Parameters carry the names of the package axial-attention.

import { type Spec, tf, VitrineError } from "@vitrine/core";
import { type Linear, linear, linearSpec } from "@vitrine/core/layers";

/** Attention along one axis. */
export interface AxisAttention {
  to_q: Linear;
  to_kv: Linear;
  to_out: Linear;
}

/** Attention along each axis in turn; the first axis comes first. */
export interface AxialAttention {
  axial_attentions: { fn: AxisAttention }[];
}

export interface AxialAttentionSpecOptions {
  /** Axes besides the batch and the channels. Default 2. */
  numDimensions?: number;
  /** Default 8. */
  heads?: number;
  /** Width of a head. Default `dim` / `heads`. */
  dimHeads?: number | undefined;
}

export interface AxialAttentionOptions {
  /** Default 8. */
  heads?: number;
  /** Where the channels are; the last by default, -1. */
  dimIndex?: number;
  /** Add the axes' answers up (the default); else each axis reads what the one before it gave. */
  sumAxialOut?: boolean;
}

/** @throws VitrineError where `heads` does not divide `dim`. */
export function axialAttentionSpec(dim: number, options: AxialAttentionSpecOptions = {}): Spec<AxialAttention> {
  const { numDimensions = 2, heads = 8, dimHeads = dim / heads } = options;
  if (dim % heads !== 0) throw new VitrineError("axial attention", `dim ${dim} is not divisible by heads ${heads}`);
  const hidden = dimHeads * heads;
  const axis = (): Spec<AxisAttention> =>
    ({
      to_q: linearSpec(dim, hidden, { bias: false }),
      to_kv: linearSpec(dim, 2 * hidden, { bias: false }),
      to_out: linearSpec(hidden, dim),
    }) as Spec<AxisAttention>;
  return { axial_attentions: Array.from({ length: numDimensions }, () => ({ fn: axis() })) };
}

/** x: [B, ..., D], with the channels at `dimIndex` → the same shape. */
export function axialAttention<T extends tf.Tensor>(p: AxialAttention, x: T, options: AxialAttentionOptions = {}): T {
  const { heads = 8, dimIndex = -1, sumAxialOut = true } = options;
  const channels = dimIndex < 0 ? x.rank + dimIndex : dimIndex;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 0 && axis !== channels);
  if (axes.length !== p.axial_attentions.length)
    throw new VitrineError(
      "axial attention",
      `${p.axial_attentions.length + 2} dimensions are expected, found [${x.shape}]`,
    );
  const answers: T[] = [];
  for (const [i, { fn }] of p.axial_attentions.entries()) {
    const asked = sumAxialOut ? x : (answers.at(-1) ?? x);
    answers.push(alongAxis(fn, asked, axes[i]!, channels, heads));
  }
  return sumAxialOut ? answers.reduce((a, b) => tf.add(a, b)) : answers.at(-1)!;
}

function alongAxis<T extends tf.Tensor>(p: AxisAttention, x: T, axis: number, channels: number, heads: number): T {
  const rest = x.shape.map((_, i) => i).filter((i) => i !== axis && i !== channels);
  const order = [...rest, axis, channels];
  const rows = tf.transpose(x, order); //                                                               [..., t, D]
  const lines = tf.reshape(rows, [-1, x.shape[axis]!, x.shape[channels]!]) as tf.Tensor3D; //                      [R, t, D]
  const mixed = tf.reshape(axisAttention(p, lines, heads), rows.shape);
  return tf.transpose(
    mixed,
    order.map((_, i) => order.indexOf(i)),
  ) as T;
}

/** Softmax attention within each line. x: [R, t, D] → [R, t, D]. */
function axisAttention(p: AxisAttention, x: tf.Tensor3D, heads: number): tf.Tensor3D {
  const [lines, length] = x.shape;
  const hidden = p.to_q.weight.shape[1];
  const size = hidden / heads;
  const apart = (y: tf.Tensor3D) =>
    tf.transpose(tf.reshape(y, [lines, length, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D; //          [R, h, t, e]
  const [key, value] = tf.split(linear(p.to_kv, x), 2, 2) as [tf.Tensor3D, tf.Tensor3D];
  const query = apart(tf.mul(linear(p.to_q, x), size ** -0.5));
  const weights = tf.softmax(tf.matMul<tf.Tensor4D>(query, apart(key), false, true)); //                [R, h, t, t]
  const mixed = tf.transpose(tf.matMul<tf.Tensor4D>(weights, apart(value)), [0, 2, 1, 3]);
  return linear(p.to_out, tf.reshape(mixed, [lines, length, hidden]) as tf.Tensor3D);
}
