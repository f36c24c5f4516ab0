// Rotary positions: pairs of channels of queries and keys are turned by angles that grow with the token's place, so that
// products depend on how far apart two tokens lie. https://arxiv.org/abs/2104.09864
// Places are those of DINOv3, https://arxiv.org/abs/2508.10104: cell centres from -1 to 1, whatever the size of the grid,
// which training may shift, stretch and rescale.

import { VitrineError } from "../errors.ts";
import type { Mode } from "../mode.ts";
import { keyedUniform } from "../ops/random.ts";
import { tf } from "../tf.ts";
import type { Grid } from "./position.ts";

export interface RotaryPlaces {
  /** Base of the periods: period i of n is `temperature ** (i / n)`. */
  temperature: number;
  /** Added to each cell's place, in cells, before places are normalised. */
  offset: number;
  /** The first half of the channels turns by the row ("ij") or by the column ("xy"). */
  indexing: "ij" | "xy";
  /** Each axis is divided by its own size, or both by the longer or the shorter one. */
  normalize: "separate" | "max" | "min";
}

/** How training moves the whole grid; null for not at all. */
export interface RotaryJitter {
  /** Both axes are shifted by up to this much, each by its own draw. */
  shift: number | null;
  /** Each axis is scaled by a factor between 1/jitter and jitter, log-uniformly. */
  jitter: number | null;
  /** Both axes are scaled by one factor between 1/rescale and rescale, log-uniformly. */
  rescale: number | null;
}

/** Cosines and sines by token, laid out for `rotate`. */
export interface RotaryTable {
  /** [N, d]. */
  cos: tf.Tensor2D;
  /** [N, d], with the sign of the channel that it is added to. */
  sin: tf.Tensor2D;
  /** Which channels form a pair: i and i + d/2, or neighbours. */
  layout: RotaryLayout;
}

export type RotaryLayout = "half" | "interleaved";

/** @throws VitrineError where an amount of jitter is out of range. */
export function checkRotaryJitter({ shift, jitter, rescale }: RotaryJitter): void {
  const check = (name: string, value: number | null, least: number) => {
    if (value !== null && !(Number.isFinite(value) && value >= least))
      throw new VitrineError("rotary", `${name} must be ${least} or more, or null; found ${value}`, { usage: true });
  };
  check("shift", shift, 0);
  check("jitter", jitter, 1);
  check("rescale", rescale, 1);
}

/** Angles of each cell of a grid, row by row, for heads of size `dim`: those of one axis, then of the other. → [N, dim/2]. */
export function rotaryAngles(
  grid: Grid,
  dim: number,
  places: RotaryPlaces,
  mode: Mode,
  jitter: RotaryJitter = { shift: null, jitter: null, rescale: null },
): tf.Tensor2D {
  if (dim % 4 !== 0) throw new VitrineError("rotary", `heads of a multiple of 4 are expected, found ${dim}`);
  const cells = grid[0] * grid[1];
  const moved = move(tf.tensor2d(cellPlaces(grid, places), [cells, 2]), mode, jitter); //                [N, 2]
  const count = dim / 4;
  const frequencies = Float32Array.from({ length: count }, (_, i) => (2 * Math.PI) / places.temperature ** (i / count));
  return tf.reshape(tf.mul(tf.expandDims(moved, 2), tf.tensor1d(frequencies)), [cells, 2 * count]);
}

/** Both coordinates of each cell. */
function cellPlaces([rows, columns]: Grid, { offset, indexing, normalize }: RotaryPlaces): Float32Array {
  const of = {
    separate: (size: number) => size,
    max: () => Math.max(rows, columns),
    min: () => Math.min(rows, columns),
  };
  const place = (i: number, size: number) => (2 * (i + 0.5 + offset)) / of[normalize](size) - 1;
  const values = new Float32Array(2 * rows * columns);
  const [row, column] = indexing === "ij" ? [0, 1] : [1, 0];
  for (let i = 0; i < rows * columns; i++) {
    values[2 * i + row] = place(Math.floor(i / columns), rows);
    values[2 * i + column] = place(i % columns, columns);
  }
  return values;
}

/** The grid as training sees it: the same draw for every image of the batch. */
function move(places: tf.Tensor2D, mode: Mode, { shift, jitter, rescale }: RotaryJitter): tf.Tensor2D {
  if (!mode.training || mode.key === undefined) return places;
  const draw = (name: string, count: number, bound: number) =>
    tf.mul(tf.sub(tf.mul(keyedUniform(mode, name, [count]), 2), 1), bound);
  let moved: tf.Tensor = places;
  if (shift !== null) moved = tf.add(moved, draw("shift", 2, shift));
  if (jitter !== null) moved = tf.mul(moved, tf.exp(draw("jitter", 2, Math.log(jitter))));
  if (rescale !== null) moved = tf.mul(moved, tf.exp(draw("rescale", 1, Math.log(rescale))));
  return moved as tf.Tensor2D;
}

/** A table for `rotate`; `prefix` tokens before the others are left as they are. angles: [N, d/2]. */
export function rotaryTable(angles: tf.Tensor2D, layout: RotaryLayout, prefix = 0): RotaryTable {
  const spread = (first: tf.Tensor2D, second: tf.Tensor2D): tf.Tensor2D =>
    layout === "half"
      ? tf.concat([first, second], 1)
      : tf.reshape(tf.stack([first, second], 2), [angles.shape[0], 2 * angles.shape[1]]);
  const before = (table: tf.Tensor2D, value: number) => tf.pad2d(table, [[prefix, 0], [0, 0]], value); // biome-ignore format: one line
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return { cos: before(spread(cos, cos), 1), sin: before(spread(tf.neg(sin), sin), 0), layout };
}

/** Turns each pair of channels by its token's angle. x: [..., N, d] → [..., N, d]. */
export function rotate<T extends tf.Tensor>(x: T, { cos, sin, layout }: RotaryTable): T {
  return tf.add(tf.mul(x, cos), tf.mul(swapPairs(x, layout), sin));
}

/** Each channel in the place of the other of its pair. */
function swapPairs(x: tf.Tensor, layout: RotaryLayout): tf.Tensor {
  if (layout === "half") {
    const [first, second] = tf.split(x, 2, -1);
    return tf.concat([second!, first!], -1);
  }
  const pairs = tf.reshape(x, [...x.shape.slice(0, -1), x.shape.at(-1)! / 2, 2]);
  const [first, second] = tf.split(pairs, 2, -1);
  return tf.reshape(tf.concat([second!, first!], -1), x.shape);
}
