// Kernels that move elements without changing them: shapes, order, joining, splitting and repeating.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { LoweringsOf, MovementKernels } from "../kernels.ts";
import { type Perm, permuteShape, Sym } from "../sym.ts";
import { expand } from "./broadcast.ts";

export const movement: LoweringsOf<MovementKernels> = {
  BroadcastTo: ({ x }, { shape }, g) => expand(x, shape, g),
  Concat: (inputs, { axis }, g) => concat(inputs, tf.util.parseAxisParam(axis, inputs[0]!.shape)[0]!, g),
  ExpandDims({ input }, { dim }, g) {
    if (dim < -(input.rank + 1) || dim > input.rank)
      throw new VitrineError("expandDims", `axis ${dim} is not in [${-(input.rank + 1)}, ${input.rank}]`);
    const shape = [...input.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return reshape(input, shape, g);
  },
  Identity: ({ x }) => x,
  Pack(inputs, { axis }, g) {
    const [first] = inputs as [Sym];
    for (const { shape, dtype } of inputs)
      if (shape.join() !== first.shape.join() || dtype !== first.dtype)
        throw new VitrineError(
          "stack",
          `expected ${first.dtype}[${first.shape}] as the first, found ${dtype}[${shape}]`,
        );
    const at = axis < 0 ? axis + first.rank + 1 : axis;
    const shape = [...first.shape];
    shape.splice(at, 0, 1);
    return concat(
      inputs.map((x) => reshape(x, shape, g)),
      at,
      g,
    );
  },
  Reshape({ x }, { shape }, g) {
    return reshape(x, tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x.shape)), g);
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
};

/** `x` with another shape of the same size. */
export function reshape(x: Sym, shape: readonly number[], g: Builder): Sym {
  // Gradients reshape to what they have already; that must not ask for the logical order.
  if (x.shape.join() === shape.join()) return x;
  if (x.splat !== undefined) return g.splat(x.splat, shape, x.dtype);
  return new Sym(shape, x.dtype, g.reshape(g.value(x), shape));
}

export function concat(inputs: readonly Sym[], axis: number, g: Builder): Sym {
  tf.backend_util.assertParamsConsistent(
    inputs.map((x) => x.shape),
    axis,
  );
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
