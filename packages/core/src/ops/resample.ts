// Resampling of position tables to another grid, as PyTorch's antialiased interpolation does it (which follows PIL): each
// output is a weighted mean over the kernel's support, widened when shrinking. Linear in the table, so it is two small
// matrices, and its gradient comes with matMul.

import { tf } from "../tf.ts";

/** Cubic convolution with a = -0.5, as PIL and PyTorch's antialiased bicubic use. */
function cubic(x: number, a = -0.5): number {
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

/** Rows of weights: [to, from], each row sums to 1. */
export function bicubicWeights(from: number, to: number): Float32Array {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = 2 * stretch;
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(from, Math.trunc(centre + support + 0.5));
    const row = Array.from({ length: last - first }, (_, j) => cubic((first + j - centre + 0.5) / stretch));
    const sum = row.reduce((total, w) => total + w, 0);
    row.forEach((w, j) => {
      weights[i * from + first + j] = w / sum;
    });
  }
  return weights;
}

/** Bicubic resampling with antialias of a grid of vectors. grid: [H·W, D] for `from` = [H, W] → [H'·W', D]. */
export function resampleGrid(
  grid: tf.Tensor2D,
  from: readonly [number, number],
  to: readonly [number, number],
): tf.Tensor2D {
  const dim = grid.shape[1];
  const rows = tf.tensor2d(bicubicWeights(from[0], to[0]), [to[0], from[0]]);
  const columns = tf.tensor2d(bicubicWeights(from[1], to[1]), [to[1], from[1]]);
  const tall = tf.matMul(rows, tf.reshape(grid, [from[0], from[1] * dim])); //                     [H', W·D]
  const wide = tf.transpose(tf.reshape(tall, [to[0], from[1], dim]), [1, 0, 2]); //                 [W, H', D]
  const both = tf.matMul(columns, tf.reshape(wide, [from[1], to[0] * dim])); //                     [W', H'·D]
  return tf.reshape(tf.transpose(tf.reshape(both, [to[1], to[0], dim]), [1, 0, 2]), [to[0] * to[1], dim]);
}

/** Rows of weights of linear interpolation without antialias, as PyTorch's `interpolate` has it: [to, from]. */
export function linearWeights(from: number, to: number, alignCorners = false): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const aligned = to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    const at = alignCorners ? aligned : Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(at), from - 1);
    const second = Math.min(first + 1, from - 1);
    weights[i * from + first]! += 1 - (at - first);
    weights[i * from + second]! += at - first;
  }
  return weights;
}

export interface ResizeBilinearOptions {
  /** The centres of the corner pixels stay where they are; else the edges of the image do. */
  alignCorners?: boolean;
}

/**
 * Bilinear resizing of maps as PyTorch's `interpolate` does it, without antialias. Two products with constant matrices,
 * whose gradients are such products too. x: [B, H, W, C] → [B, H', W', C]; x itself where the size stays.
 */
export function resizeBilinear(
  x: tf.Tensor4D,
  [toHeight, toWidth]: readonly [number, number],
  { alignCorners = false }: ResizeBilinearOptions = {},
): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  let y = x;
  if (toHeight !== height) {
    const rows = tf.tensor3d(linearWeights(height, toHeight, alignCorners), [1, toHeight, height]);
    const tall = tf.matMul(rows, tf.reshape(x, [batch, height, width * channels])); //            [B, H', W·C]
    y = tf.reshape(tall, [batch, toHeight, width, channels]);
  }
  if (toWidth === width) return y;
  const columns = tf.tensor3d(linearWeights(width, toWidth, alignCorners), [1, toWidth, width]);
  const wide = tf.matMul(columns, tf.reshape(y, [batch * toHeight, width, channels])); //         [B·H', W', C]
  return tf.reshape(wide, [batch, toHeight, toWidth, channels]);
}
