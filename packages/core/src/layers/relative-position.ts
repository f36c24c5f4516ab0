// Attention biases by the offset between two tokens of a window. A table holds a value a head for each of the
// (2h-1)·(2w-1) offsets. Swin learns the table (https://arxiv.org/abs/2103.14030); Swin v2 computes it by a perceptron from
// log-spaced offsets (https://arxiv.org/abs/2111.09883).
//
// Looking each pair of tokens up would be a gather, whose gradient is a slow scatter. But along one axis the bias is a
// Toeplitz matrix, and such a matrix is its table, repeated with a period one longer than its rows: reshaping does it.

import { VitrineError } from "../errors.ts";
import { tf } from "../tf.ts";
import type { Grid } from "./position.ts";

export interface RelativePositionOptions {
  /**
   * Which offset a table's entry is for: of the query from the key (Swin, and timm's `RelPosBias`), or of the key from
   * the query (TensorFlow's MaxViT, and timm's `RelPosBiasTf`). Default "query-key".
   */
  offset?: "query-key" | "key-query";
}

/**
 * The bias of each pair of tokens, from [heads, 2h-1, 2w-1] or the flat [(2h-1)·(2w-1), heads] → [heads, N, N] for
 * `window` = [h, w] and N = h·w, queries first.
 */
export function relativePositionBias(
  table: tf.Tensor2D | tf.Tensor3D,
  window: Grid,
  { offset = "query-key" }: RelativePositionOptions = {},
): tf.Tensor3D {
  const [h, w] = window;
  const byHead = table.rank === 2 ? headsFirst(table as tf.Tensor2D, window) : (table as tf.Tensor3D);
  const [heads, rows, columns] = byHead.shape;
  if (rows !== 2 * h - 1 || columns !== 2 * w - 1) throw misfit(table.shape, window);

  // For each axis, a pair of positions (a, b) with the table's entry for b - a.
  const across = skew(tf.reshape(byHead, [heads * rows, columns, 1]), w); //                       [heads·(2h-1), w, w, 1]
  const both = skew(tf.reshape(across, [heads, rows, w * w]), h); //                               [heads, h, h, w·w]
  const pairs = tf.reshape(both, [heads, h, h, w, w]); //                                          [heads, ya, yb, xa, xb]
  const order = offset === "query-key" ? [0, 2, 4, 1, 3] : [0, 1, 3, 2, 4]; //                     the query is b, or a
  return tf.reshape(tf.transpose(pairs, order), [heads, h * w, h * w]);
}

/**
 * Entry (a, b) of the result is entry b - a + n - 1 of the table, along the middle axis. t: [A, 2n-1, M] → [A, n, n, M].
 * Rows of 2n are laid end to end and read as rows of 2n-1, each of which then starts one later.
 */
function skew(t: tf.Tensor3D, n: number): tf.Tensor4D {
  const [count, length, size] = t.shape;
  if (n === 1) return tf.reshape(t, [count, 1, 1, size]);
  const padded = tf.reshape(tf.pad3d(t, [[0, 0], [0, 1], [0, 0]]), [count, 1, 2 * n * size]); // biome-ignore format: one line
  // A product with ones repeats; its gradient is one sum, where that of tf.tile is a slice for each repetition.
  const repeated = tf.reshape(tf.mul(padded, tf.ones([1, n, 1])), [count, n * 2 * n * size]);
  const rows = tf.reshape(tf.slice(repeated, [0, 0], [-1, n * length * size]), [count, n, length, size]);
  return tf.slice(rows, [0, 0, n - 1, 0], [-1, -1, n, -1]) as tf.Tensor4D;
}

/** [(2h-1)·(2w-1), heads] → [heads, 2h-1, 2w-1]. */
function headsFirst(table: tf.Tensor2D, [h, w]: Grid): tf.Tensor3D {
  const [entries, heads] = table.shape;
  if (entries !== (2 * h - 1) * (2 * w - 1)) throw misfit(table.shape, [h, w]);
  return tf.reshape(tf.transpose(table), [heads, 2 * h - 1, 2 * w - 1]);
}

function misfit(shape: readonly number[], [h, w]: Grid): VitrineError {
  const expected = `${2 * h - 1}x${2 * w - 1} offsets are expected for a window of ${h}x${w}`;
  return new VitrineError("relativePositionBias", `${expected}, a table of [${shape}] found`);
}

export interface LogOffsetsOptions {
  /**
   * `swin`: offsets as parts of the window, in (-8, 8), then log2(1 + |x|) / 3. `cr`, timm's own: offsets in tokens, then
   * ln(1 + |x|). The sign stays.
   */
  kind?: "swin" | "cr";
  /** The window that offsets are parts of, where it is not `window` itself: that of the pretraining. */
  pretrained?: Grid;
}

/** Log-spaced offsets (rows, columns) of a window, in a table's order: [(2h-1)·(2w-1), 2] for `window` = [h, w]. */
export function logOffsets(window: Grid, { kind = "swin", pretrained = window }: LogOffsetsOptions = {}): tf.Tensor2D {
  const along = (axis: 0 | 1): number[] =>
    Array.from({ length: 2 * window[axis] - 1 }, (_, i) => {
      const offset = i - window[axis] + 1;
      // A window of one has the offset 0 alone.
      const part = (8 * offset) / Math.max(1, pretrained[axis] - 1);
      return kind === "cr"
        ? Math.sign(offset) * Math.log(1 + Math.abs(offset))
        : (Math.sign(part) * Math.log2(1 + Math.abs(part))) / 3;
    });
  const columns = along(1);
  const pairs = along(0).flatMap((y) => columns.flatMap((x) => [y, x]));
  return tf.tensor2d(Float32Array.from(pairs), [pairs.length / 2, 2]);
}
