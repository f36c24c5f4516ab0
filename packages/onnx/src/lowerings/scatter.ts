// Putting values at indices: the counterpart of gathering, and its gradient.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, ScatterKernels } from "../kernels.ts";
import type { Sym } from "../sym.ts";
import { writer } from "./pointwise.ts";
import { slice } from "./slice.ts";

export const scatter: LoweringsOf<ScatterKernels> = {
  Bincount: ({ x, weights }, { size }, g) => count(flat(x, g), weights, size, false, g),
  DenseBincount: ({ x, weights }, { size, binaryOutput = false }, g) => count(x, weights, size, binaryOutput, g),
  ScatterNd({ indices, updates }, { shape }, g) {
    return put(g.value(g.splat(0, shape, updates.dtype)), indices, updates, "add", g);
  },
  SparseToDense({ sparseIndices, sparseValues, defaultValue }, { outputShape }, g) {
    const numUpdates = sparseIndices.rank === 0 ? 1 : sparseIndices.shape[0]!;
    const field = g.node("Expand", [defaultValue, g.ints(outputShape)], {}, outputShape, defaultValue.dtype);
    const indices = g.sym(g.reshape(g.value(sparseIndices), [numUpdates, outputShape.length]));
    const updates = g.node("Expand", [sparseValues, g.ints([numUpdates])], {}, [numUpdates], sparseValues.dtype);
    return put(field, indices, g.sym(updates), "none", g);
  },
  TensorScatterUpdate({ tensor, indices, updates }, _attrs, g) {
    return put(g.value(tensor), indices, updates, "none", g);
  },
  UnsortedSegmentSum({ x, segmentIds }, { numSegments }, g) {
    const inner = x.shape.slice(segmentIds.rank);
    // Ids outside of the range are dropped: they go to a row of their own, which is cut off.
    const w = writer(g);
    const ids = g.value(segmentIds);
    const inside = w("And", w("GreaterOrEqual", ids, 0), w("Less", ids, numSegments));
    const row = g.sym(g.reshape(w("Where", inside, ids, numSegments), [...segmentIds.shape, 1]));
    const summed = put(g.value(g.splat(0, [numSegments + 1, ...inner], x.dtype)), row, x, "add", g);
    return slice(g.sym(summed), [0, ...inner.map(() => 0)], [numSegments, ...inner], g);
  },
};

/** `field` with `updates` put, or added, at `indices`. */
function put(field: Value, indices: Sym, updates: Sym, reduction: "none" | "add", g: Builder): Value {
  if (tf.util.sizeFromShape(updates.shape) === 0) return field;
  // A vector of indices, or a single one, counts along the first axis.
  const [count, depth] = indices.rank > 1 ? [-1, indices.shape.at(-1)!] : [tf.util.sizeFromShape(indices.shape), 1];
  const places = g.cast(indices, "int64");
  const column = count < 0 ? places : g.reshape(places, [count, depth]);
  const rows = g.reshape(g.value(updates), [...column.shape.slice(0, -1), ...field.shape.slice(depth)]);
  return g.node("ScatterND", [field, column, rows], { reduction }, field.shape, field.dtype);
}

/** How often each of the numbers below `size` occurs in a row of `x`, or the sum of its weights. */
function count(x: Sym, weights: Sym, size: number, binary: boolean, g: Builder): Value | Sym {
  if (x.rank > 2) throw new VitrineError("denseBincount", `expected a tensor of rank 1 or 2, found [${x.shape}]`);
  const [rows, length] = x.rank === 2 ? (x.shape as [number, number]) : [1, x.shape[0]!];
  const w = writer(g);
  // Numbers that are too large go to a place of their own, which is cut off.
  const numbers = w("Min", g.reshape(g.cast(x, "int64"), [rows, length, 1]), size);
  const starts = g.reshape(g.ints(Array.from({ length: rows }, (_, i) => i * (size + 1))), [rows, 1, 1]);
  const places = g.sym(g.reshape(w("Add", numbers, starts), [rows * length, 1]));
  const weighted = weights.shape.includes(0) || binary ? g.splat(1, [rows * length], weights.dtype) : flat(weights, g);
  const field = g.value(g.splat(0, [rows * (size + 1)], weights.dtype));
  const all = g.sym(g.reshape(put(field, places, weighted, binary ? "none" : "add", g), [rows, size + 1]));
  const counts = slice(all, [0, 0], [rows, size], g);
  return g.reshape(g.value(counts), x.rank === 2 ? [rows, size] : [size]);
}

function flat(x: Sym, g: Builder): Sym {
  return g.sym(g.reshape(g.value(x), [tf.util.sizeFromShape(x.shape)]));
}
