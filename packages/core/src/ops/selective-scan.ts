// The selective scan of Mamba, Gu and Dao 2023, https://arxiv.org/abs/2312.00752: each channel keeps a state of a few numbers,
// which every token lets fade, adds to, and reads from, each by as much as the token itself says.

import { VitrineError } from "../errors.ts";
import { tf } from "../tf.ts";
import { linearScan } from "./linear-scan.ts";

/** L tokens of D channels with states of N numbers. Axes ahead of those broadcast, so parameters may differ along them. */
export interface SelectiveScanInputs {
  /** What comes in. [..., L, D] */
  u: tf.Tensor;
  /** How long each token acts; above zero. [..., L, D] */
  delta: tf.Tensor;
  /** How fast states fade; below zero. [..., D, N] */
  a: tf.Tensor;
  /** How a token is written. [..., L, N] */
  b: tf.Tensor;
  /** How a state is read. [..., L, N] */
  c: tf.Tensor;
  /** How much of what comes in goes around the state. [..., D] */
  d?: tf.Tensor;
}

/**
 * `h[t] = exp(delta[t]·a) h[t-1] + delta[t] b[t] u[t]`, `y[t] = c[t]·h[t] + d u[t]` → [..., L, D]. Made of tf ops that work on
 * many tokens at a time (see `linearScan`): any length, linear in it; any number of axes ahead, as `u` has them.
 */
export function selectiveScan({ u, delta, a, b, c, d }: SelectiveScanInputs): tf.Tensor {
  const [length, width] = u.shape.slice(-2) as [number, number];
  const size = a.shape.at(-1)!;
  requireShape("delta", delta, u.shape);
  for (const [name, x] of Object.entries({ b, c })) requireShape(name, x, [...u.shape.slice(0, -1), size]);
  if (a.shape.at(-2) !== width) throw mismatch("a", a, [width, size]);

  // States lie as [..., L, N, D], so that channels are side by side.
  const channels = (x: tf.Tensor) => tf.expandDims(x, -2); //                             [..., L, 1, D]
  const numbers = (x: tf.Tensor) => tf.expandDims(x, -1); //                              [..., L, N, 1]
  const fading = tf.expandDims(swapLast(a), -3); //                                       [..., 1, N, D]
  const decay = tf.exp(tf.mul(channels(delta), fading)); //                               [..., L, N, D]
  const written = tf.mul(channels(tf.mul(delta, u)), numbers(b)); //                      [..., L, N, D]
  const sequences = (x: tf.Tensor) => tf.reshape(x, [-1, length, size * width]) as tf.Tensor3D;
  const states = tf.reshape(linearScan(sequences(decay), sequences(written)), decay.shape);
  const read = tf.mul(states, numbers(c));
  const y = size === 1 ? tf.reshape(read, u.shape) : tf.sum(read, -2); //                 [..., L, D]
  return d === undefined ? y : tf.add(y, tf.mul(u, tf.expandDims(d, -2)));
}

/** [..., D, N] → [..., N, D]. */
function swapLast(x: tf.Tensor): tf.Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const ahead = x.shape.slice(0, -2);
  // A transposition of one column is a reshape, whatever the backend.
  if (columns === 1) return tf.reshape(x, [...ahead, 1, rows]);
  return tf.transpose(x, [...ahead.keys(), ahead.length + 1, ahead.length]);
}

function requireShape(name: string, x: tf.Tensor, shape: readonly number[]): void {
  if (x.rank !== shape.length || x.shape.some((size, axis) => size !== shape[axis])) throw mismatch(name, x, shape);
}

function mismatch(name: string, x: tf.Tensor, shape: readonly number[]): VitrineError {
  return new VitrineError("selectiveScan", `${name} must end as [${shape}] for these inputs, found [${x.shape}]`);
}
