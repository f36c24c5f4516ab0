// Gated positional self-attention: each head mixes what it sees with where it looks, and a learned gate says how much of
// each. At first it looks at one neighbour, so that the heads together are a convolution.
// d'Ascoli et al. 2021, https://arxiv.org/abs/2103.10697

import {
  dropout,
  type Initializer,
  type Mode,
  ones,
  param,
  type Spec,
  scope,
  tap,
  tf,
  truncNormal,
} from "@vitrine/core";
import { type Linear, linear, linearSpec } from "@vitrine/core/layers";

export interface Gpsa {
  qk: Linear;
  v: Linear;
  proj: Linear;
  pos_proj: Linear;
  gating_param: tf.Tensor1D;
}

export interface GpsaSpecOptions {
  qkvBias: boolean;
  localityStrength: number;
}

export interface GpsaOptions {
  heads: number;
  attnDrop: number;
  projDrop: number;
}

export function gpsaSpec(dim: number, heads: number, { qkvBias, localityStrength }: GpsaSpecOptions): Spec<Gpsa> {
  return {
    qk: linearSpec(dim, 2 * dim, { bias: qkvBias }),
    v: linearSpec(dim, dim, { bias: qkvBias, init: identity }),
    proj: linearSpec(dim, dim),
    pos_proj: linearSpec(3, heads, { init: neighbours(localityStrength) }),
    gating_param: param([heads], ones),
  };
}

/** Values start as the tokens themselves. */
const identity: Initializer = ([size]) => {
  const values = new Float32Array(size! * size!);
  for (let i = 0; i < size!; i++) values[i * size! + i] = 1;
  return values;
};

/**
 * Each head looks at another cell of a square around the token: its score is -strength·|δ - cell|², up to a constant.
 * Heads beyond the largest square start anywhere.
 */
function neighbours(strength: number): Initializer {
  return (shape, rng) => {
    const heads = shape[1]!;
    const side = Math.floor(Math.sqrt(heads));
    const middle = (side - 1) / 2;
    const values = truncNormal(0.02)(shape, rng);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const head = row + side * column;
        [2 * (column - middle), 2 * (row - middle), -1].forEach((value, i) => {
          values[i * heads + head] = value;
        });
      }
    return values.map((value) => strength * value);
  };
}

/** For each pair of cells of a grid, row by row: columns apart, rows apart, and their squares' sum. → [3, N·N]. */
export function relativePositions([rows, columns]: readonly [number, number]): tf.Tensor2D {
  const cells = rows * columns;
  const values = new Float32Array(3 * cells * cells);
  for (let from = 0; from < cells; from++)
    for (let to = 0; to < cells; to++) {
      const x = (to % columns) - (from % columns);
      const y = Math.floor(to / columns) - Math.floor(from / columns);
      const pair = from * cells + to;
      values[pair] = x;
      values[pair + cells * cells] = y;
      values[pair + 2 * cells * cells] = x * x + y * y;
    }
  return tf.tensor2d(values, [3, cells * cells]);
}

/**
 * `((1 - g)·softmax(q kᵀ / √d) + g·softmax(position scores)) v` with `g = sigmoid(gating_param)`, a head at a time.
 * x: [B, N, D], relative: [3, N·N] → [B, N, D].
 */
export function gpsa(p: Gpsa, x: tf.Tensor3D, relative: tf.Tensor2D, mode: Mode, options: GpsaOptions): tf.Tensor3D {
  const [batch, tokens, dim] = x.shape;
  const { heads, attnDrop, projDrop } = options;
  const size = dim / heads;
  const packed = tf.reshape(linear(p.qk, x), [batch, tokens, 2, heads, size]);
  const [q, k] = tf.unstack(tf.transpose(packed, [2, 0, 3, 1, 4]), 0) as [tf.Tensor4D, tf.Tensor4D]; // [B, h, N, d]
  const v = tf.transpose(tf.reshape(linear(p.v, x), [batch, tokens, heads, size]), [0, 2, 1, 3]); //     [B, h, N, d]

  const seen = tf.softmax(tf.matMul(tf.mul(q, size ** -0.5), k, false, true)); //                        [B, h, N, N]
  const looked = tf.reshape(positionWeights(p.pos_proj, relative), [1, heads, tokens, tokens]); //       [1, h, N, N]
  // Both are weights that sum to 1, so their mixture does, and need not be normalised. (1 - g) is left to the values, which
  // are fewer than the weights; what remains of the gate is g / (1 - g) = exp(gating_param).
  const gate = tf.reshape(p.gating_param, [1, heads, 1, 1]);
  const weights = tf.add(seen, tf.mul(looked, tf.exp(gate))) as tf.Tensor4D;
  const share = tf.sigmoid(tf.neg(gate)); //                                                             [1, h, 1, 1]
  if (mode.taps) tap(mode, tf.mul(weights, share), "weights");

  const mixed = tf.matMul(dropout(weights, attnDrop, scope(mode, "attn_drop")), tf.mul(v, share) as tf.Tensor4D);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, dim]) as tf.Tensor3D;
  return dropout(linear(p.proj, joined), projDrop, scope(mode, "proj_drop"));
}

/** Where each head looks: the same for every image. → [h, N, N]. */
function positionWeights(p: Linear, relative: tf.Tensor2D): tf.Tensor3D {
  const tokens = Math.round(Math.sqrt(relative.shape[1]));
  const heads = p.weight.shape[1];
  const scores = tf.add(tf.matMul(p.weight, relative, true), tf.reshape(p.bias!, [heads, 1])); //        [h, N·N]
  return tf.softmax(tf.reshape(scores, [heads, tokens, tokens]) as tf.Tensor3D);
}
