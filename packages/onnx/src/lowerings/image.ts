// Geometry of images: crops, rotations, flips and projective transforms. Images are batch, height, width, channels.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { type DType, Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { GeometryKernels } from "../kernels-image.ts";
import { type Plane, sampleBilinear, sampleNearest } from "./sample.ts";
import { isEmpty } from "./window.ts";

type Shape4 = [number, number, number, number];

export const geometry: LoweringsOf<GeometryKernels> = {
  CropAndResize({ image, boxes, boxInd }, { cropSize, method, extrapolationValue }, g) {
    const [batch, height, width, channels] = image.shape as Shape4;
    const [high, wide] = cropSize;
    const shape = [boxes.shape[0]!, high, wide, channels];
    if (isEmpty(shape) || isEmpty(image.shape)) return g.splat(0, shape);
    const [y1, x1, y2, x2] = columns(g.value(boxes), g) as [Value, Value, Value, Value];
    const y = along(y1, y2, height, high, [shape[0]!, high, 1], g);
    const x = along(x1, x2, width, wide, [shape[0]!, 1, wide], g);
    const index = g.reshape(g.cast(boxInd, "int64"), [shape[0]!, 1, 1]);
    const known = g.node("Less", [index, g.scalar(batch, "int64")], {}, index.shape, "bool");
    const plane: Plane = {
      rows: g.reshape(g.cast(image, "float32"), [batch * height * width, channels]),
      height,
      width,
      start: g.node("Mul", [clamp(index, batch, g), g.scalar(height * width, "int64")], {}, index.shape, "int64"),
      // Positions beside the image take the value for outside; a box of an image that is not there is all 0.
      fill: g.node("Where", [known, g.scalar(extrapolationValue), g.scalar(0)], {}, index.shape),
    };
    const inside = [within(y, height, g), within(x, width, g), known].reduce((a, b) =>
      g.node("And", [a, b], {}, spread(a, b), "bool"),
    );
    return method === "bilinear" ? sampleBilinear(plane, y, x, inside, g) : sampleNearest(plane, y, x, inside, g);
  },
  FlipLeftRight({ image }, _attrs, g) {
    const { perm, value } = image.origin;
    const bounds = [[-1], [-image.shape[2]! - 1], [perm.indexOf(2)], [-1]].map((v) => g.ints(v));
    return g.sym(g.node("Slice", [value, ...bounds], {}, value.shape, value.dtype), perm);
  },
  // The angle is known here, so where each pixel comes from is a table.
  RotateWithOffset({ image }, { radians, fillValue, center }, g) {
    const [batch, height, width, channels] = image.shape as Shape4;
    if (isEmpty(image.shape)) return image;
    const [centerX, centerY] = tf.backend_util.getImageCenter(center, height, width);
    const [sin, cos] = [Math.sin(radians), Math.cos(radians)];
    const inside = new Uint8Array(height * width);
    const source = BigInt64Array.from({ length: height * width }, (_, i) => {
      const [dx, dy] = [(i % width) - centerX, Math.floor(i / width) - centerY];
      const x = Math.round(dx * cos - dy * sin + centerX);
      const y = Math.round(dx * sin + dy * cos + centerY);
      const there = x >= 0 && x < width && y >= 0 && y < height;
      inside[i] = +there;
      return BigInt(there ? y * width + x : 0);
    });
    const pixels = [batch, height * width, channels];
    // Not literals: a program that is fed its tables serves every angle.
    const table = new Value([height * width], "int64", { data: source });
    const visible = new Value([height * width, 1], "bool", { data: inside });
    const moved = g.node("Gather", [g.reshape(g.value(image), pixels), table], { axis: 1 }, pixels, image.dtype);
    const fill = g.literal(fillOf(fillValue, channels, image.dtype), [channels], image.dtype);
    return g.reshape(g.node("Where", [visible, moved, fill], {}, pixels, image.dtype), image.shape);
  },
  Transform({ image, transforms }, { interpolation, fillMode, fillValue, outputShape }, g) {
    const [batch, height, width, channels] = image.shape as Shape4;
    const [high, wide] = outputShape ?? [height, width];
    const shape = [batch, high, wide, channels];
    if (isEmpty(shape) || isEmpty(image.shape)) return g.splat(fillValue, shape, image.dtype);
    if (interpolation !== "nearest" && interpolation !== "bilinear")
      throw new VitrineError("Transform", `expected interpolation nearest or bilinear, found ${interpolation}`);

    const count = transforms.shape[0]!;
    const t = columns(g.value(transforms), g);
    const grid = [count, high, wide];
    const row = g.literal(
      Float32Array.from({ length: high }, (_, i) => i),
      [1, high, 1],
      "float32",
    );
    const column = g.literal(
      Float32Array.from({ length: wide }, (_, i) => i),
      [1, 1, wide],
      "float32",
    );
    // a · x + b · y + c
    const affine = (a: Value, b: Value, c: Value) => {
      const [x, y] = [binary("Mul", a, column, g), binary("Mul", b, row, g)];
      return g.node("Add", [g.node("Add", [x, y], {}, grid), c], {}, grid);
    };
    const projection = affine(t[6]!, t[7]!, g.scalar(1));
    const finite = g.node("Not", [g.node("Equal", [projection, g.scalar(0)], {}, grid, "bool")], {}, grid, "bool");
    const depth = g.node("Where", [finite, projection, g.scalar(1)], {}, grid);
    const x = wrap(g.node("Div", [affine(t[0]!, t[1]!, t[2]!), depth], {}, grid), width, fillMode, g);
    const y = wrap(g.node("Div", [affine(t[3]!, t[4]!, t[5]!), depth], {}, grid), height, fillMode, g);

    const all = [batch, high, wide];
    const each = (value: Value) =>
      count === batch ? value : g.node("Expand", [value, g.ints(all)], {}, all, value.dtype);
    const plane: Plane = {
      rows: g.reshape(g.cast(image, "float32"), [batch, height * width, channels]),
      height,
      width,
      fill: g.scalar(fillValue),
    };
    const sample = interpolation === "bilinear" ? sampleBilinear : sampleNearest;
    return g.cast(sample(plane, each(y), each(x), each(finite), g), image.dtype);
  },
};

/** The columns of a matrix [n, k], as k times [n, 1, 1]. */
function columns(value: Value, g: Builder): Value[] {
  const [rows, width] = value.shape as [number, number];
  const types = Array.from({ length: width }, () => ({ shape: [rows, 1] }));
  const parts = g.nodes("Split", [g.cast(value, "float32"), g.ints(types.map(() => 1))], { axis: 1 }, types);
  return parts.map((part) => g.reshape(part, [rows, 1, 1]));
}

/**
 * Where the `to` rows of a box from `start` to `end` (of 1) lie in an image of `from` rows. Written with one division at
 * the end, so that the corners of the image are met exactly in single precision too.
 */
function along(start: Value, end: Value, from: number, to: number, shape: readonly number[], g: Builder): Value {
  if (to === 1) {
    const sum = binary("Add", start, end, g);
    return g.node("Mul", [sum, g.scalar(0.5 * (from - 1))], {}, sum.shape);
  }
  const grid = shape.map((d, axis) => (axis === 0 ? 1 : d));
  const steps = (of: (i: number) => number) =>
    g.literal(
      Float32Array.from({ length: to }, (_, i) => of(i)),
      grid,
      "float32",
    );
  const left = g.node("Mul", [start, steps((i) => to - 1 - i)], {}, shape);
  const right = g.node("Mul", [end, steps((i) => i)], {}, shape);
  const scaled = g.node("Mul", [g.node("Add", [left, right], {}, shape), g.scalar(from - 1)], {}, shape);
  return g.node("Div", [scaled, g.scalar(to - 1)], {}, shape);
}

function within(position: Value, size: number, g: Builder): Value {
  const low = g.node("GreaterOrEqual", [position, g.scalar(0)], {}, position.shape, "bool");
  const high = g.node("LessOrEqual", [position, g.scalar(size - 1)], {}, position.shape, "bool");
  return g.node("And", [low, high], {}, position.shape, "bool");
}

function clamp(index: Value, size: number, g: Builder): Value {
  return g.node("Clip", [index, g.scalar(0, "int64"), g.scalar(size - 1, "int64")], {}, index.shape, "int64");
}

function spread(a: Value, b: Value): number[] {
  return tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
}

function binary(op: string, a: Value, b: Value, g: Builder): Value {
  return g.node(op, [a, b], {}, spread(a, b));
}

function fillOf(value: number | [number, number, number], channels: number, dtype: DType): Float32Array | Int32Array {
  // The fourth channel is opacity, and what is filled in is opaque.
  const fill = Array.from({ length: channels }, (_, c) =>
    typeof value === "number" ? value : c === 3 ? 255 : (value[c] ?? Number.NaN),
  );
  return dtype === "int32" ? Int32Array.from(fill) : Float32Array.from(fill);
}

/** Positions beside an image brought into it, as `fillMode` says; the cases are those of TensorFlow's own kernel. */
function wrap(position: Value, size: number, fillMode: string, g: Builder): Value {
  if (fillMode !== "reflect" && fillMode !== "wrap" && fillMode !== "nearest") return position;
  const node = (op: string, ...inputs: (Value | number)[]) => {
    const values = inputs.map((input) => (typeof input === "number" ? g.scalar(input) : input));
    return g.node(op, values, {}, position.shape);
  };
  const when = (op: string, a: Value, b: number, yes: Value, no: Value) =>
    g.node("Where", [g.node(op, [a, g.scalar(b)], {}, a.shape, "bool"), yes, no], {}, position.shape);
  const truncated = (value: Value) => node("Mul", node("Sign", value), node("Floor", node("Abs", value)));
  const bounded = (value: Value) => node("Clip", value, 0, size - 1);
  if (fillMode === "nearest") return bounded(position);
  if (size <= 1) return node("Mul", position, 0);

  const minus = node("Neg", position);
  if (fillMode === "wrap") {
    const times = (value: Value) => truncated(node("Div", value, size - 1));
    const below = node("Add", position, node("Mul", node("Add", times(minus), 1), size));
    const above = node("Sub", position, node("Mul", times(position), size));
    return bounded(when("Less", position, 0, below, when("Greater", position, size - 1, above, position)));
  }
  const double = 2 * size;
  const times = (value: Value) => node("Mul", truncated(node("Div", value, double)), double);
  const lifted = node("Add", position, times(minus));
  const below = when("Less", lifted, -size, node("Add", lifted, double), node("Sub", node("Neg", lifted), 1));
  const lowered = node("Sub", position, times(position));
  const above = when("GreaterOrEqual", lowered, size, node("Sub", node("Neg", lowered), 1 - double), lowered);
  return bounded(when("Less", position, 0, below, when("Greater", position, size - 1, above, position)));
}
