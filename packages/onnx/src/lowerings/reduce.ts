// Reductions over axes.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, ReduceKernels } from "../kernels.ts";
import { isReshape, permuteShape, type Sym } from "../sym.ts";

type Axes = number | number[] | null | undefined;

const reduction =
  (op: string) =>
  ({ x }: { x: Sym }, { axis, keepDims = false }: { axis?: Axes; keepDims?: boolean }, g: Builder): Sym =>
    reduce(op, x, tf.util.parseAxisParam(axis as number | number[], x.shape), keepDims, g);

export const reductions: LoweringsOf<ReduceKernels> = {
  Max: ({ x }, { reductionIndices, keepDims }, g) =>
    reduction("ReduceMax")({ x }, { axis: reductionIndices, keepDims }, g),
  Mean: reduction("ReduceMean"),
  Min: reduction("ReduceMin"),
  Sum: reduction("ReduceSum"),
};

/** Reduces the logical `axes` of `x`, in the order of axes it is held in where the result's order is then known. */
export function reduce(op: string, x: Sym, axes: readonly number[], keepDims: boolean, g: Builder): Sym {
  if (axes.length === 0) return x;
  const { perm } = x;
  const kept = x.shape.map((d, axis) => (axes.includes(axis) ? 1 : d));
  const result = kept.filter((_, axis) => !axes.includes(axis));
  if (perm !== undefined) {
    const value = x.form(perm)!;
    const physical = axes.map((axis) => perm.indexOf(axis)).sort((p, q) => p - q);
    const rest = perm.filter((axis) => !axes.includes(axis));
    if (keepDims) return g.sym(apply(op, value, physical, true, permuteShape(kept, perm), g), perm);
    const order = rest.map((axis) => [...rest].sort((p, q) => p - q).indexOf(axis));
    if (isReshape(result, order))
      return g.sym(g.reshape(apply(op, value, physical, false, permuteShape(x.shape, rest), g), result));
    return g.sym(apply(op, value, physical, false, permuteShape(x.shape, rest), g), order);
  }
  return g.sym(apply(op, g.value(x), axes, keepDims, keepDims ? kept : result, g));
}

function apply(
  op: string,
  value: Value,
  axes: readonly number[],
  keepDims: boolean,
  shape: readonly number[],
  g: Builder,
): Value {
  // Batch norm's sums over batch and image: two steps of adjacent axes run several times faster than one over both.
  if (axes.join() === "0,2,3" && (op === "ReduceSum" || op === "ReduceMean")) {
    const rows = g.node(op, [value, g.ints([2, 3])], { keepdims: 1 }, [...value.shape.slice(0, 2), 1, 1]);
    return g.node(op, [rows, g.ints(keepDims ? [0] : [0, 2, 3])], { keepdims: +keepDims }, shape, value.dtype);
  }
  return g.node(op, [value, g.ints(axes)], { keepdims: +keepDims }, shape, value.dtype);
}
