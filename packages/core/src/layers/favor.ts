// FAVOR+: the softmax kernel of attention approximated by positive random features, so that attention is linear in the
// number of tokens. Choromanski et al. 2021, https://arxiv.org/abs/2009.14794; stabilisers as performer-pytorch has them.

import { detached } from "../ops/detach.ts";
import type { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { featureAttention } from "./linear-attention.ts";

/** Which kernel the features stand for: the softmax of attention, or a rectifier ("generalised attention"). */
export type FavorKernel = "softmax" | "relu";

// Added to features, so that no query is without weight on every key.
const softmaxEpsilon = 1e-4;
const reluEpsilon = 1e-3;

/** How many features stand for heads of a width where nobody says: d ln d. */
export function favorFeatures(headDim: number): number {
  return Math.trunc(headDim * Math.log(headDim));
}

/**
 * Directions that features look along: rows of random orthogonal matrices, as long as Gaussian rows would be.
 * → [features, headDim], row after row.
 */
export function favorProjection(features: number, headDim: number, rng: Rng): Float32Array {
  const values = new Float32Array(features * headDim);
  let basis: Float64Array[] = [];
  for (let row = 0; row < features; row++) {
    if (row % headDim === 0) basis = [];
    const direction = orthonormal(basis, headDim, rng);
    basis.push(direction);
    const length = Math.hypot(...Array.from({ length: headDim }, () => rng.normal()));
    for (let i = 0; i < headDim; i++) values[row * headDim + i] = length * direction[i]!;
  }
  return values;
}

/** A random unit vector at right angles to those of `basis` (Gram and Schmidt). */
function orthonormal(basis: readonly Float64Array[], size: number, rng: Rng): Float64Array {
  const vector = Float64Array.from({ length: size }, () => rng.normal());
  for (const other of basis) {
    const along = vector.reduce((sum, value, i) => sum + value * other[i]!, 0);
    for (let i = 0; i < size; i++) vector[i]! -= along * other[i]!;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/**
 * Attention by random features. The common factor of the features, 1/√M, cancels and is left out.
 * q: [B, h, n, d], k, v: [B, h, N, d], projection: [M, d] → [B, h, n, d].
 */
export function favorAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  projection: tf.Tensor2D,
  kernel: FavorKernel = "softmax",
): tf.Tensor4D {
  const scale = q.shape[3] ** -0.25; // on queries and keys alike: together 1/√d
  const [queries, keys] = [tf.mul(q, scale), tf.mul(k, scale)] as [tf.Tensor4D, tf.Tensor4D];
  if (kernel === "relu") return featureAttention(reluMap(queries, projection), reluMap(keys, projection), v);
  return featureAttention(softmaxMap(queries, projection, [3]), softmaxMap(keys, projection, [2, 3]), v);
}

/**
 * exp(x·w − |x|²/2 − m) + ε, where m keeps exponents from growing: the largest x·w of a query, or of all keys (by `axes`).
 * It is a factor common to numerator and denominator, and no gradient passes through it. x: [B, h, N, d] → [B, h, N, M].
 */
function softmaxMap(x: tf.Tensor4D, projection: tf.Tensor2D, axes: number[]): tf.Tensor4D {
  const along = project(x, projection);
  const largest = detached(() => tf.max(along, axes, true));
  const half = tf.mul(tf.sum(tf.square(x), 3, true), 0.5); //                                           [B, h, N, 1]
  return tf.add(tf.exp(tf.sub(along, tf.add(half, largest))), softmaxEpsilon);
}

/** max(x·w, 0) + ε. x: [B, h, N, d] → [B, h, N, M]. */
function reluMap(x: tf.Tensor4D, projection: tf.Tensor2D): tf.Tensor4D {
  return tf.add(tf.relu(project(x, projection)), reluEpsilon);
}

function project(x: tf.Tensor4D, projection: tf.Tensor2D): tf.Tensor4D {
  const [batch, heads, tokens, size] = x.shape;
  const rows = tf.matMul(tf.reshape(x, [-1, size]) as tf.Tensor2D, projection, false, true);
  return tf.reshape(rows, [batch, heads, tokens, projection.shape[0]]);
}
