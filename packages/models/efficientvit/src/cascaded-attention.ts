// Cascaded group attention: each head sees its own part of the channels, to which what the head before it gave is added.
// Positions attend to each other inside windows, with a learned bias for each distance.

import { type Mode, param, type Spec, scope, tf, zeros } from "@vitrine/core";
import {
  type ConvNorm,
  convNorm,
  convNormSpec,
  relativePositionBias,
  windowPartition,
  windowReverse,
} from "@vitrine/core/layers";

export interface CascadedAttention {
  /** For each head and each pair of distances (rows, columns) from 0 on, row by row. */
  attention_biases: tf.Tensor2D;
  /** Of each head: queries, keys and values. */
  qkvs: ConvNorm[];
  /** Of each head: a depthwise convolution over the queries. */
  dws: ConvNorm[];
  proj: { 1: ConvNorm };
}

export interface CascadedAttentionShape {
  dim: number;
  heads: number;
  keyDim: number;
  /** Channels of a head's values. */
  valueDim: number;
  /** Side of a window. */
  window: number;
  /** Of each head's convolution over the queries. */
  kernels: readonly number[];
}

export function cascadedAttentionSpec(shape: CascadedAttentionShape): Spec<CascadedAttention> {
  const { dim, heads, keyDim, valueDim, window } = shape;
  const perHead = <T>(make: (head: number) => T) => Array.from({ length: heads }, (_, i) => make(i));
  return {
    attention_biases: param([heads, window * window], zeros, { decay: false }),
    qkvs: perHead(() => convNormSpec(1, dim / heads, 2 * keyDim + valueDim)),
    dws: perHead((i) => convNormSpec(shape.kernels[i]!, keyDim, keyDim, { groups: keyDim })),
    proj: { 1: convNormSpec(1, valueDim * heads, dim, { normInit: zeros }) },
  };
}

/** x: [B, H, W, D] → [B, H, W, D]; padded with zeros to whole windows, unless it is one. */
export function cascadedAttention(
  shape: CascadedAttentionShape,
  p: CascadedAttention,
  x: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const [, height, width, dim] = x.shape;
  const { window } = shape;
  if (height === window && width === window) return inWindows(shape, p, x, mode);
  const [tall, wide] = [height, width].map((side) => Math.ceil(side / window) * window) as [number, number];
  const padded = tf.pad4d(x, [[0, 0], [0, tall - height], [0, wide - width], [0, 0]]); // biome-ignore format: one line
  const cut = windowPartition(padded, [window, window]); //                                         [B·n, w·w, D]
  const mixed = inWindows(shape, p, tf.reshape(cut, [-1, window, window, dim]), mode);
  const joined = windowReverse(tf.reshape(mixed, [-1, window * window, dim]), [window, window], [tall, wide]);
  return tf.slice(joined, [0, 0, 0, 0], [-1, height, width, -1]);
}

/** x: [B, w, w, D] → [B, w, w, D], a window a row. */
function inWindows(
  { heads, keyDim, valueDim, window, kernels }: CascadedAttentionShape,
  p: CascadedAttention,
  x: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const [batch] = x.shape;
  const parts = tf.split(x, heads, 3) as tf.Tensor4D[];
  const biases = tf.unstack(distanceBias(p.attention_biases, window), 0) as tf.Tensor2D[];
  const given: tf.Tensor4D[] = [];
  for (const [i, part] of parts.entries()) {
    const seen = i === 0 ? part : tf.add<tf.Tensor4D>(given[i - 1]!, part);
    const packed = convNorm(p.qkvs[i]!, seen, scope(mode, `qkvs.${i}`));
    const [q, k, v] = tf.split(packed, [keyDim, keyDim, valueDim], 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const asked = convNorm(p.dws[i]!, q, scope(mode, `dws.${i}`), { padding: kernels[i]! >> 1 });
    const [query, key, value] = [asked, k, v].map((t) => tf.reshape(t, [batch, window * window, t.shape[3]])) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ];
    const scores = tf.matMul(tf.mul(query, keyDim ** -0.5), key, false, true); //                  [B, N, N]
    const mixed = tf.matMul(tf.softmax(tf.add(scores, biases[i]!)), value); //                     [B, N, v]
    given.push(tf.reshape(mixed, [batch, window, window, valueDim]));
  }
  return convNorm(p.proj[1], tf.relu(tf.concat(given, 3)), scope(mode, "proj.1"));
}

/** The bias of each pair of positions, the same on both sides. table: [heads, w·w] → [heads, N, N]. */
function distanceBias(table: tf.Tensor2D, window: number): tf.Tensor3D {
  const distances = tf.reshape(table, [-1, window, window]) as tf.Tensor3D;
  return relativePositionBias(mirror(mirror(distances, 1), 2), [window, window]);
}

/** Entries 0, 1, …, n-1 of an axis become n-1, …, 1, 0, 1, …, n-1. */
function mirror(t: tf.Tensor3D, axis: 1 | 2): tf.Tensor3D {
  const begin = [0, 0, 0];
  begin[axis] = 1;
  return t.shape[axis] === 1 ? t : tf.concat([tf.reverse(tf.slice(t, begin), axis), t], axis);
}
