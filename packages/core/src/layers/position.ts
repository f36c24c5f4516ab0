// Learned position tables, and the tokens that stand before the patches (class token, registers).

import { resampleGrid } from "../ops/resample.ts";
import { tf } from "../tf.ts";

export type Grid = readonly [rows: number, columns: number];

/**
 * A position table for another grid: the first `prefix` entries stay, the others are resampled bicubically with antialias.
 * table: [1, prefix + H·W, D] → [1, prefix + H'·W', D].
 */
export function resamplePositions(table: tf.Tensor3D, prefix: number, from: Grid, to: Grid): tf.Tensor3D {
  if (from[0] === to[0] && from[1] === to[1]) return table;
  const dim = table.shape[2];
  const cells = tf.reshape(tf.slice(table, [0, prefix, 0], [1, -1, -1]), [from[0] * from[1], dim]) as tf.Tensor2D;
  const resampled = tf.reshape(resampleGrid(cells, from, to), [1, to[0] * to[1], dim]) as tf.Tensor3D;
  return prefix === 0 ? resampled : tf.concat([tf.slice(table, [0, 0, 0], [1, prefix, -1]), resampled], 1);
}

/**
 * Tokens before the patches, and positions added. `positions`, if any, has an entry for each patch, or for each token and
 * patch. patches: [B, N, D], tokens: each [1, n, D] → [B, Σn + N, D].
 */
export function prependTokens(
  patches: tf.Tensor3D,
  tokens: readonly tf.Tensor3D[],
  positions?: tf.Tensor3D,
): tf.Tensor3D {
  if (tokens.length === 0) return positions ? tf.add(patches, positions) : patches;
  const prefix = tf.concat([...tokens], 1);
  const count = prefix.shape[1];
  if (positions === undefined) return tf.add(before(patches, count), after(prefix, patches.shape[1]));
  const everywhere = positions.shape[1] === count + patches.shape[1];
  // The tokens go into the table, which broadcasts over the batch: repeating them would need the batch's size.
  const table = everywhere ? tf.add(positions, after(prefix, patches.shape[1])) : tf.concat([prefix, positions], 1);
  return tf.add(before(patches, count), table);
}

/** Zeros put before the tokens. */
function before(x: tf.Tensor3D, count: number): tf.Tensor3D {
  return tf.pad3d(x, [[0, 0], [count, 0], [0, 0]]); // biome-ignore format: one line
}

/** Zeros put after the tokens. */
function after(x: tf.Tensor3D, count: number): tf.Tensor3D {
  return tf.pad3d(x, [[0, 0], [0, count], [0, 0]]); // biome-ignore format: one line
}
