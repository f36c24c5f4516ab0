// Kernels that move elements without changing them: shapes, order, slices, joining and repeating.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { DType } from "../graph.ts";
import type { LoweringsOf, MovementKernels } from "../kernels.ts";
import { type Perm, permuteShape, Sym } from "../sym.ts";
import { expand } from "./broadcast.ts";

export const movement: LoweringsOf<MovementKernels> = {
  BroadcastTo: ({ x }, { shape }, g) => expand(x, shape, g),
  Concat: (inputs, { axis }, g) => concat(inputs, tf.util.parseAxisParam(axis, inputs[0]!.shape)[0]!, g),
  ExpandDims({ input }, { dim }, g) {
    const shape = [...input.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return reshape(input, shape, g);
  },
  Fill: (_inputs, { shape, value, dtype }, g) =>
    g.splat(Number(value), shape, (dtype ?? tf.util.inferDtype(value)) as DType),
  Identity: ({ x }) => x,
  OnesLike: ({ x }, _attrs, g) => g.splat(1, x.shape, x.dtype),
  Pack(inputs, { axis }, g) {
    const [first] = inputs as [Sym];
    const at = axis < 0 ? axis + first.rank + 1 : axis;
    const shape = [...first.shape];
    shape.splice(at, 0, 1);
    return concat(
      inputs.map((x) => reshape(x, shape, g)),
      at,
      g,
    );
  },
  PadV2({ x }, { paddings, constantValue }, g) {
    const perm = x.perm ?? x.origin.perm;
    const before = perm.map((axis) => paddings[axis]![0]);
    const after = perm.map((axis) => paddings[axis]![1]);
    const shape = perm.map((axis) => x.shape[axis]! + paddings[axis]![0] + paddings[axis]![1]);
    const inputs = [g.as(x, perm), g.ints([...before, ...after]), g.scalar(constantValue, x.dtype)];
    return g.sym(g.node("Pad", inputs, {}, shape, x.dtype), perm);
  },
  Reshape({ x }, { shape }, g) {
    return reshape(x, tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x.shape)), g);
  },
  Slice({ x }, { begin, size }, g) {
    const [starts, sizes] = tf.slice_util.parseSliceParams({ shape: x.shape } as tf.Tensor, begin, size);
    return slice(x, starts!, sizes!, g);
  },
  SplitV({ x }, { numOrSizeSplits, axis }, g) {
    const at = tf.util.parseAxisParam(axis, x.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize({ shape: x.shape } as tf.Tensor, numOrSizeSplits, at);
    return split(x, sizes, at, g);
  },
  Tile({ x }, { reps }, g) {
    const shape = x.shape.map((d, axis) => d * reps[axis]!);
    if (x.splat !== undefined) return g.splat(x.splat, shape, x.dtype);
    // Repeating axes of size 1 is a broadcast.
    if (x.shape.every((d, axis) => d === 1 || reps[axis] === 1)) return expand(x, shape, g);
    return g.node("Tile", [x, g.ints(reps)], {}, shape, x.dtype);
  },
  Transpose({ x }, { perm }, g) {
    const { perm: held, value } = x.origin;
    // Physical axis j holds logical axis held[j], which is axis perm.indexOf(held[j]) of the result. Nothing moves yet
    // where the result's order would be a convolution's own; elsewhere it is moved here, once.
    const shape = permuteShape(x.shape, perm);
    const order = perm.map((axis) => held.indexOf(axis));
    return new Sym(shape, x.dtype, g.permute(value, order));
  },
  Unpack({ value }, { axis }, g) {
    const at = axis < 0 ? axis + value.rank : axis;
    const count = value.shape[at]!;
    const shape = value.shape.filter((_, i) => i !== at);
    return split(value, new Array<number>(count).fill(1), at, g).map((part) => reshape(part, shape, g));
  },
  ZerosLike: ({ x }, _attrs, g) => g.splat(0, x.shape, x.dtype),
};

/** `x` with another shape of the same size. */
export function reshape(x: Sym, shape: readonly number[], g: Builder): Sym {
  if (x.splat !== undefined) return g.splat(x.splat, shape, x.dtype);
  return new Sym(shape, x.dtype, g.reshape(g.value(x), shape));
}

export function slice(x: Sym, begin: readonly number[], size: readonly number[], g: Builder): Sym {
  if (size.every((d, axis) => d === x.shape[axis])) return x;
  const perm: Perm = x.perm ?? x.origin.perm;
  const cut = perm.map((axis, i) => ({
    i,
    begin: begin[axis]!,
    end: begin[axis]! + size[axis]!,
    full: x.shape[axis]!,
  }));
  const axes = cut.filter(({ begin, end, full }) => begin !== 0 || end !== full);
  const literals = [axes.map((c) => c.begin), axes.map((c) => c.end), axes.map((c) => c.i)].map((v) => g.ints(v));
  return g.sym(g.node("Slice", [g.as(x, perm), ...literals], {}, permuteShape(size, perm), x.dtype), perm);
}

export function concat(inputs: readonly Sym[], axis: number, g: Builder): Sym {
  const parts = inputs.filter((x) => x.shape[axis] !== 0);
  if (parts.length <= 1) return parts[0] ?? inputs[0]!;
  const [first] = parts as [Sym];
  const perm: Perm = parts.find((x) => x.perm !== undefined)?.perm ?? first.origin.perm;
  const shape = first.shape.map((d, i) => (i === axis ? parts.reduce((sum, x) => sum + x.shape[axis]!, 0) : d));
  const values = parts.map((x) => g.as(x, perm));
  return g.sym(g.node("Concat", values, { axis: perm.indexOf(axis) }, permuteShape(shape, perm), first.dtype), perm);
}

function split(x: Sym, sizes: readonly number[], axis: number, g: Builder): Sym[] {
  if (sizes.length === 1) return [x];
  const perm: Perm = x.perm ?? x.origin.perm;
  const shapes = sizes.map((size) => x.shape.map((d, i) => (i === axis ? size : d)));
  const types = shapes.map((shape) => ({ shape: permuteShape(shape, perm), dtype: x.dtype }));
  return g
    .nodes("Split", [g.as(x, perm), g.ints(sizes)], { axis: perm.indexOf(axis) }, types)
    .map((value) => g.sym(value, perm));
}
