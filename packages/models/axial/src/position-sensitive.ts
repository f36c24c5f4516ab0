// Position-sensitive axial attention of Axial-DeepLab, Wang et al. 2020, https://arxiv.org/abs/2003.07853: along one axis of an
// image, queries, keys and values each with a learned encoding of relative positions, and batch norms as in the authors'
// code (csrhddlam/axial-deeplab). Parameters carry its names.
//
// An encoding holds a vector for each offset. Products with all offsets of a line are made at once; which pair of places an
// entry is for is then a matter of reading its rows at another stride, not of looking entries up.

import {
  buffer,
  type Initializer,
  type Mode,
  normal,
  param,
  type Spec,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import { type BatchNorm, batchNorm, batchNormSpec } from "@vitrine/core/layers";
import { batchNormOfMaps } from "./norm-of-maps.ts";

export interface PositionSensitiveAttention {
  /** Of offsets from -(length - 1) to length - 1: for queries, keys and values, one below the other. */
  relative: tf.Tensor2D;
  /** The offset of each pair of places, as the reference keeps it; not read here. */
  flatten_index: tf.Tensor1D;
  /** A convolution over single places. [O, I, 1] */
  qkv_transform: { weight: tf.Tensor3D };
  bn_qkv: BatchNorm;
  bn_similarity: BatchNorm;
  bn_output: BatchNorm;
}

/** `length`: places along the axis. @throws VitrineError where `groups` and the widths do not fit. */
export function positionSensitiveSpec(
  from: number,
  to: number,
  groups: number,
  length: number,
): Spec<PositionSensitiveAttention> {
  if (from % groups !== 0 || to % (2 * groups) !== 0) {
    const message = `widths ${from} and ${to} must be multiples of groups ${groups}, the second of twice as much`;
    throw new VitrineError("axial", message, { usage: true });
  }
  const width = to / groups;
  return {
    relative: param([2 * width, 2 * length - 1], normal(width ** -0.5)),
    flatten_index: buffer([length * length], offsets, "int32"),
    qkv_transform: { weight: param([2 * to, from, 1], normal(from ** -0.5)) },
    bn_qkv: batchNormSpec(2 * to),
    bn_similarity: batchNormSpec(3 * groups),
    bn_output: batchNormSpec(2 * to),
  };
}

/** From each key (rows) to each query, counted from 0. */
const offsets: Initializer = ([size]) => {
  const length = Math.sqrt(size!);
  return Float32Array.from({ length: size! }, (_, i) => Math.floor(i / length) - (i % length) + length - 1);
};

/** Attention along `axis` of an image: 1 for columns, 2 for rows. x: [B, H, W, I] → [B, H, W, O]. */
export function positionSensitiveAttention(
  p: PositionSensitiveAttention,
  x: tf.Tensor4D,
  mode: Mode,
  { groups, axis }: { groups: number; axis: 1 | 2 },
): tf.Tensor4D {
  const swap = (y: tf.Tensor4D) => (axis === 1 ? (tf.transpose(y, [0, 2, 1, 3]) as tf.Tensor4D) : y);
  const across = swap(x); //                                                                            [B, ., L, I]
  const [batch, count, length, from] = across.shape;
  const lines = tf.reshape(across, [-1, length, from]) as tf.Tensor3D; //                               [R, L, I]
  const mixed = attendAlongLines(p, lines, mode, groups); //                                            [R, L, O]
  return tap(mode, swap(tf.reshape(mixed, [batch, count, length, mixed.shape[2]])));
}

function attendAlongLines(p: PositionSensitiveAttention, x: tf.Tensor3D, mode: Mode, groups: number): tf.Tensor3D {
  const [lines, length, from] = x.shape;
  const both = p.qkv_transform.weight.shape[0];
  const width = both / 2 / groups;
  const half = width / 2;
  if (p.relative.shape[1] !== 2 * length - 1) {
    const expected = (p.relative.shape[1] + 1) / 2;
    throw new VitrineError(
      "axial",
      `lines of ${expected} places are expected, found ${length}; make it for that imgSize`,
    );
  }

  const kernel = tf.reshape(p.qkv_transform.weight, [both, from]) as tf.Tensor2D;
  const rows = tf.matMul(tf.reshape(x, [-1, from]) as tf.Tensor2D, kernel, false, true);
  const normed = batchNorm(p.bn_qkv, tf.reshape(rows, [lines, length, both]), scope(mode, "bn_qkv"));
  const packed = tf.transpose(tf.reshape(normed, [lines, length, groups, 2 * width]), [0, 2, 1, 3]);
  const [q, k, v] = tf.split(packed, [half, half, width], 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; // [R, g, L, .]
  const [forQ, forK, forV] = tf.split(tf.reverse(p.relative, 1), [half, half, width], 0) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ]; //                                                                                                 [., 2L-1]

  const qk = tf.matMul<tf.Tensor4D>(q, k, false, true); //                                              [R, g, L, L]
  const qr = pairsOf(withOffsets(q, forQ));
  const kr = tf.transpose(pairsOf(withOffsets(k, forK)), [0, 1, 3, 2]) as tf.Tensor4D;
  const scores = batchNormOfMaps(p.bn_similarity, [qk, qr, kr], scope(mode, "bn_similarity"));
  const weights = tap(mode, tf.softmax(scores), "weights"); //                                          [R, g, L, L]

  const content = tf.matMul<tf.Tensor4D>(weights, v); //                                                [R, g, L, width]
  const position = tf.reshape(
    tf.matMul(tf.reshape(offsetsOf(weights), [-1, 2 * length - 1]) as tf.Tensor2D, forV, false, true),
    content.shape,
  );
  const joined = tf.transpose(tf.stack([content, position], 4), [0, 2, 1, 3, 4]); //                    [R, L, g, width, 2]
  const output = batchNorm(p.bn_output, tf.reshape(joined, [lines, length, both]), scope(mode, "bn_output"));
  return tf.sum(tf.reshape(output, [lines, length, both / 2, 2]), 3) as tf.Tensor3D;
}

/** Products of each place's vector with all offsets' vectors. x: [R, g, L, c], table: [c, 2L-1] → [R, g, L, 2L-1]. */
function withOffsets(x: tf.Tensor4D, table: tf.Tensor2D): tf.Tensor4D {
  const [lines, groups, length, size] = x.shape;
  const rows = tf.matMul(tf.reshape(x, [-1, size]) as tf.Tensor2D, table);
  return tf.reshape(rows, [lines, groups, length, 2 * length - 1]);
}

/**
 * From a value for each place and offset to one for each pair: entry (i, j) of the result is entry (i, j - i + L - 1).
 * Read with rows one entry shorter than they are, entries of the same j stand below each other.
 * x: [R, g, L, 2L-1] → [R, g, L, L].
 */
function pairsOf(x: tf.Tensor4D): tf.Tensor4D {
  const [lines, groups, length, span] = x.shape;
  if (length === 1) return x;
  const flat = tf.reshape(x, [lines, groups, length * span]) as tf.Tensor3D;
  const shifted = tf.slice(flat, [0, 0, length - 1], [-1, -1, length * (span - 1)]);
  const rows = tf.reshape(shifted, [lines, groups, length, span - 1]) as tf.Tensor4D;
  return tf.slice(rows, [0, 0, 0, 0], [-1, -1, -1, length]);
}

/** The other way round, with zeros for offsets that lead out of the line. x: [R, g, L, L] → [R, g, L, 2L-1]. */
function offsetsOf(x: tf.Tensor4D): tf.Tensor4D {
  const [lines, groups, length] = x.shape;
  if (length === 1) return x;
  const span = 2 * length - 1;
  const none: [number, number] = [0, 0];
  const rows = tf.pad4d(x, [none, none, none, [0, span - 1 - length]]);
  const flat = tf.reshape(rows, [lines, groups, length * (span - 1)]) as tf.Tensor3D;
  return tf.reshape(tf.pad3d(flat, [none, none, [length - 1, 1]]), [lines, groups, length, span]);
}
