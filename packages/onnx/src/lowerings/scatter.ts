// Putting values at indices: the counterpart of gathering, and its gradient.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, ScatterKernels } from "../kernels.ts";
import { identity, type Sym } from "../sym.ts";
import { writer } from "./pointwise.ts";
import { slice } from "./slice.ts";

export const scatter: LoweringsOf<ScatterKernels> = {
  Bincount: ({ x, weights }, { size }, g) => count(flat(x, g), weights, size, false, g),
  DenseBincount: ({ x, weights }, { size, binaryOutput = false }, g) => count(x, weights, size, binaryOutput, g),
  ScatterNd({ indices, updates }, { shape }, g) {
    const depth = indices.rank > 1 ? indices.shape.at(-1)! : 1;
    const count = tf.util.sizeFromShape(indices.shape) / Math.max(1, depth);
    const places = g.reshape(g.cast(indices, "int64"), [count, depth]);
    // The place of a row among all rows that `depth` numbers tell apart.
    const strides = shape.slice(0, depth).map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1, depth)));
    const scaled = writer(g)("Mul", places, g.ints(strides));
    const ids = g.node("ReduceSum", [scaled, g.ints([1])], { keepdims: 0 }, [count], "int64");
    const width = tf.util.sizeFromShape(shape.slice(depth));
    const rows = g.reshape(g.value(updates), [count, width]);
    return g.reshape(addRows(ids, rows, tf.util.sizeFromShape(shape.slice(0, depth)), g), shape);
  },
  SparseToDense({ sparseIndices, sparseValues, defaultValue }, { outputShape }, g) {
    const numUpdates = sparseIndices.rank === 0 ? 1 : sparseIndices.shape[0]!;
    const field = g.node("Expand", [defaultValue, g.ints(outputShape)], {}, outputShape, defaultValue.dtype);
    const indices = g.sym(g.reshape(g.value(sparseIndices), [numUpdates, outputShape.length]));
    const updates = g.node("Expand", [sparseValues, g.ints([numUpdates])], {}, [numUpdates], sparseValues.dtype);
    return put(field, indices, g.sym(updates), g);
  },
  TensorScatterUpdate({ tensor, indices, updates }, _attrs, g) {
    return put(g.value(tensor), indices, updates, g);
  },
  UnsortedSegmentSum({ x, segmentIds }, { numSegments }, g) {
    const inner = x.shape.slice(segmentIds.rank);
    const count = tf.util.sizeFromShape(segmentIds.shape);
    const ids = g.reshape(g.cast(segmentIds, "int64"), [count]);
    const rows = g.reshape(g.value(x), [count, tf.util.sizeFromShape(inner)]);
    return g.reshape(addRows(ids, rows, numSegments, g), [numSegments, ...inner]);
  },
};

/** Up to so many sums, a product with a matrix of zeros and ones is quicker than adding row by row on one thread. */
const fewSums = 512;
const largestMatrix = 2 ** 24;

/**
 * Sums of the rows that have the same id, [count, width]; rows whose id is not in [0, count) are dropped. ONNX Runtime's
 * ScatterND is no help: it adds on several threads at once, and loses sums. ScatterElements works on one.
 */
function addRows(ids: Value, rows: Value, count: number, g: Builder): Value {
  const [length, width] = rows.shape as [number, number];
  const shape = [count, width];
  if (length * width * count === 0) return g.value(g.splat(0, shape, rows.dtype));
  const w = writer(g);
  if (rows.dtype === "float32" && count <= fewSums && length * count <= largestMatrix) {
    const own = w("Equal", g.reshape(g.ints(identity(count)), [count, 1]), g.reshape(ids, [1, length]));
    return g.node("MatMul", [g.cast(own, "float32"), rows], {}, shape);
  }
  const inside = w("And", w("GreaterOrEqual", ids, 0), w("Less", ids, count));
  const column = g.reshape(w("Where", inside, ids, count), [length, 1]);
  const places = g.node("Expand", [column, g.ints([length, width])], {}, [length, width], "int64");
  // Dropped rows go to a row of their own, which is cut off.
  const field = g.splat(0, [count + 1, width], rows.dtype);
  const attributes = { axis: 0, reduction: "add" };
  const sums = g.node("ScatterElements", [field, places, rows], attributes, [count + 1, width], rows.dtype);
  return g.value(slice(g.sym(sums), [0, 0], shape, g));
}

/** `field` with `updates` in place of what is at `indices`. */
function put(field: Value, indices: Sym, updates: Sym, g: Builder): Value {
  if (tf.util.sizeFromShape(updates.shape) === 0) return field;
  // A vector of indices, or a single one, counts along the first axis.
  const [count, depth] = indices.rank > 1 ? [-1, indices.shape.at(-1)!] : [tf.util.sizeFromShape(indices.shape), 1];
  const places = g.cast(indices, "int64");
  const column = count < 0 ? places : g.reshape(places, [count, depth]);
  const rows = g.reshape(g.value(updates), [...column.shape.slice(0, -1), ...field.shape.slice(depth)]);
  return g.node("ScatterND", [field, column, rows], {}, field.shape, field.dtype);
}

/** How often each of the numbers below `size` occurs in a row of `x`, or the sum of its weights. */
function count(x: Sym, weights: Sym, size: number, binary: boolean, g: Builder): Value {
  if (x.rank > 2) throw new VitrineError("denseBincount", `expected a tensor of rank 1 or 2, found [${x.shape}]`);
  const [rows, length] = x.rank === 2 ? (x.shape as [number, number]) : [1, x.shape[0]!];
  const w = writer(g);
  const numbers = g.reshape(g.cast(x, "int64"), [rows, length]);
  const starts = g.reshape(g.ints(identity(rows).map((i) => i * size)), [rows, 1]);
  const known = w("Less", numbers, size);
  const ids = g.reshape(w("Where", known, w("Add", numbers, starts), -1), [rows * length]);
  const weighted = weights.shape.includes(0) || binary ? g.splat(1, [rows * length], weights.dtype) : flat(weights, g);
  const sums = addRows(ids, g.reshape(g.value(weighted), [rows * length, 1]), rows * size, g);
  const counts = g.reshape(sums, x.rank === 2 ? [rows, size] : [size]);
  return binary ? w("Min", counts, 1) : counts;
}

function flat(x: Sym, g: Builder): Sym {
  return g.sym(g.reshape(g.value(x), [tf.util.sizeFromShape(x.shape)]));
}
