// Reading images at positions that are computed: the nearest pixel, or a mixture of four.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";

/** Images as rows of pixels. */
export interface Plane {
  /** [pixels, channels] with `start`, else [batch, pixels, channels]. */
  rows: Value;
  height: number;
  width: number;
  /** For each position, the pixel at which its image starts. Without it, positions are [batch, ...]. */
  start?: Value;
  /** What lies outside. */
  fill: Value;
}

/**
 * Pixels nearest to rows `y` and columns `x`; where `inside` is false or the pixel is beside the image, `fill`.
 * Positions of shape [n, height, width] (or such that broadcast) give [n, height, width, channels].
 */
export function sampleNearest(plane: Plane, y: Value, x: Value, inside: Value, g: Builder): Value {
  // As Math.round does: halves go up.
  const round = (value: Value) =>
    g.node("Floor", [g.node("Add", [value, g.scalar(0.5)], {}, value.shape)], {}, value.shape);
  return read(plane, round(y), round(x), inside, g);
}

/** Between the four pixels around each position; see `sampleNearest`. */
export function sampleBilinear(plane: Plane, y: Value, x: Value, inside: Value, g: Builder): Value {
  const [top, left] = [g.node("Floor", [y], {}, y.shape), g.node("Floor", [x], {}, x.shape)];
  const [down, across] = [g.node("Sub", [y, top], {}, y.shape), g.node("Sub", [x, left], {}, x.shape)];
  const next = (value: Value) => g.node("Add", [value, g.scalar(1)], {}, value.shape);
  const mix = (a: Value, b: Value, share: Value) => {
    const weight = g.reshape(share, [...share.shape, 1]);
    const step = g.node("Mul", [g.node("Sub", [b, a], {}, a.shape), weight], {}, a.shape);
    return g.node("Add", [a, step], {}, a.shape);
  };
  const row = (at: Value) => mix(read(plane, at, left, inside, g), read(plane, at, next(left), inside, g), across);
  return mix(row(top), row(next(top)), down);
}

/** Pixels at whole rows and columns. */
function read({ rows, height, width, start, fill }: Plane, y: Value, x: Value, inside: Value, g: Builder): Value {
  const channels = rows.shape.at(-1)!;
  const grid = [y, x, inside].reduce<number[]>(
    (s, v) => tf.backend_util.assertAndGetBroadcastShape(s, [...v.shape]),
    [],
  );
  const [row, column] = [bounded(y, height, g), bounded(x, width, g)];
  const there = [row.there, column.there].reduce((a, b) => g.node("And", [a, b], {}, grid, "bool"), inside);
  const line = g.node("Mul", [row.index, g.scalar(width, "int64")], {}, y.shape, "int64");
  const pixel = g.node("Add", [line, column.index], {}, grid, "int64");
  const shape = [...grid, channels];
  const visible = g.reshape(there, [...there.shape, 1]);
  const outside = fill.shape.length === 0 ? fill : g.reshape(fill, [...fill.shape, 1]);
  const found =
    start === undefined
      ? g.node("GatherND", [rows, g.reshape(pixel, [...grid, 1])], { batch_dims: 1 }, shape)
      : g.node("Gather", [rows, g.node("Add", [start, pixel], {}, grid, "int64")], { axis: 0 }, shape);
  return g.node("Where", [visible, found, outside], {}, shape);
}

/** A position as an index that can be read, and whether it lay inside. */
function bounded(at: Value, size: number, g: Builder): { index: Value; there: Value } {
  const clipped = g.node("Clip", [at, g.scalar(0), g.scalar(size - 1)], {}, at.shape);
  return {
    index: g.cast(clipped, "int64"),
    there: g.node("Equal", [clipped, at], {}, at.shape, "bool"),
  };
}
