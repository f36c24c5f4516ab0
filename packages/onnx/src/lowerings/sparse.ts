// Sparse tensors as lists of indices and values. How long the lists are that come out depends on numbers, so these work on
// the host like the kernels of host.ts. What they refuse, and in which words, is TensorFlow.js' own.

import { tf, VitrineError } from "@vitrine/core";
import { hostArray } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, SparseKernels } from "../kernels.ts";
import type { Sym } from "../sym.ts";
import { known, numbers } from "./host.ts";

const messages = tf.backend_util;
const { sizeFromShape } = tf.util;

export const sparse: LoweringsOf<SparseKernels> = {
  SparseFillEmptyRows({ indices, values, denseShape, defaultValue }) {
    expectRanks("SparseFillEmptyRows", [indices, 2], [values, 1], [denseShape, 1], [defaultValue, 0]);
    const [count, rank] = indices.shape as [number, number];
    const [at, given, [rows], [filler]] = [indices, values, denseShape, defaultValue].map((x) =>
      list("SparseFillEmptyRows", x),
    ) as [number[], number[], [number], [number]];
    if (rows === 0 && count !== 0) throw new Error(messages.getSparseFillEmptyRowsIndicesDenseShapeMismatch(count));

    const entries = Array.from({ length: count }, (_, i) => ({ row: at[i * rank]!, source: i }));
    for (const { row, source } of entries) {
      if (row < 0) throw new Error(messages.getSparseFillEmptyRowsNegativeIndexErrorMessage(source, row));
      if (row >= rows) throw new Error(messages.getSparseFillEmptyRowsOutOfRangeIndexErrorMessage(source, row, rows));
    }
    const full = new Set(entries.map(({ row }) => row));
    const empty = Array.from({ length: rows }, (_, row) => !full.has(row));
    const added = empty.flatMap((isEmpty, row) => (isEmpty ? [{ row, source: -1 }] : []));
    // Entries of one row stay in the order in which they came.
    const filled = [...entries, ...added].sort((a, b) => a.row - b.row);
    const places = filled.flatMap(({ row, source }) =>
      source < 0 ? [row, ...new Array<number>(rank - 1).fill(0)] : at.slice(source * rank, (source + 1) * rank),
    );
    const moved = new Int32Array(count);
    filled.forEach(({ source }, i) => {
      if (source >= 0) moved[source] = i;
    });
    const contents = filled.map(({ source }) => (source < 0 ? filler : given[source]!));
    return [
      known(hostArray(indices.dtype, places), [filled.length, rank], indices.dtype),
      known(hostArray(values.dtype, contents), [filled.length], values.dtype),
      known(Uint8Array.from(empty, Number), [rows], "bool"),
      known(hostArray(indices.dtype, moved), [count], indices.dtype),
    ];
  },
  SparseReshape({ inputIndices, inputShape, newShape }) {
    expectRanks("SparseReshape", [inputIndices, 2], [inputShape, 1], [newShape, 1]);
    const [from, wanted] = [inputShape, newShape].map((x) => list("SparseReshape", x)) as [number[], number[]];
    const shape = inferShape(from, wanted);
    const [oldStrides, newStrides] = [from, shape].map((s) => s.map((_, axis) => sizeFromShape(s.slice(axis + 1))));
    const at = list("SparseReshape", inputIndices);
    const count = inputIndices.shape[0]!;
    const places = Array.from({ length: count }, (_, i) => {
      const flat = oldStrides!.reduce((sum, stride, axis) => sum + at[i * from.length + axis]! * stride, 0);
      return newStrides!.map((stride, axis) => Math.trunc(flat / stride) % shape[axis]!);
    });
    return [
      known(hostArray(inputIndices.dtype, places.flat()), [count, shape.length], inputIndices.dtype),
      known(hostArray(newShape.dtype, shape), [shape.length], newShape.dtype),
    ];
  },
  SparseSegmentMean: (inputs) => reduceSegments("SparseSegmentMean", inputs, true),
  SparseSegmentSum: (inputs) => reduceSegments("SparseSegmentSum", inputs, false),
};

/** The shape with its -1 filled in so that it has as many elements as `from`. */
function inferShape(from: readonly number[], wanted: readonly number[]): number[] {
  const size = sizeFromShape([...from]);
  const open = wanted.flatMap((d, axis) => (d === -1 ? [axis] : []));
  if (open.length > 1)
    throw new Error(messages.getSparseReshapeMultipleNegativeOneOutputDimErrorMessage(open[0]!, open[1]!));
  const negative = wanted.findIndex((d) => d < -1);
  if (negative >= 0)
    throw new Error(messages.getSparseReshapeNegativeOutputDimErrorMessage(negative, wanted[negative]!));
  const rest = sizeFromShape(wanted.filter((d) => d !== -1));
  if (open.length === 1 && rest === 0) throw new Error(messages.getSparseReshapeEmptyTensorZeroOutputDimErrorMessage());
  const shape = wanted.map((d) => (d === -1 ? Math.trunc(size / rest) : d));
  if (sizeFromShape(shape) === size) return shape;
  const message =
    open.length === 1
      ? messages.getSparseReshapeInputOutputMultipleErrorMessage
      : messages.getSparseReshapeInputOutputMismatchErrorMessage;
  throw new Error(
    message(
      [...from],
      wanted.map((d) => (d === -1 ? 1 : d)),
    ),
  );
}

interface Segments {
  data: Sym;
  indices: Sym;
  segmentIds: Sym;
}

/** Sums, or averages, the rows of `data` at `indices` that have one id; ids go up. A segment without rows is 0. */
function reduceSegments(kernelName: string, { data, indices, segmentIds }: Segments, mean: boolean): Value {
  if (data.rank < 1) throw new VitrineError(kernelName, "Data should be at least 1 dimensional but received scalar");
  expectRanks(kernelName, [indices, 1], [segmentIds, 1]);
  if (indices.shape[0] !== segmentIds.shape[0])
    throw new VitrineError(kernelName, "segmentIds and indices should have same size.");
  const [values, at, ids] = [data, indices, segmentIds].map((x) => list(kernelName, x)) as [
    number[],
    number[],
    number[],
  ];
  const [rows] = data.shape as [number];
  const width = sizeFromShape(data.shape.slice(1));
  const segments = ids.length === 0 ? 0 : ids.at(-1)! + 1;
  if (ids.length > 0 && segments <= 0)
    throw new Error(messages.getSparseSegmentReductionNegativeSegmentIdsErrorMessage());

  const sums = new Float64Array(segments * width);
  const counts = new Int32Array(segments);
  ids.forEach((id, i) => {
    if (id > (ids[i + 1] ?? id))
      throw new Error(messages.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage());
    if (id < 0 || id >= segments)
      throw new Error(messages.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage(id, segments));
    const row = at[i]!;
    if (row < 0 || row >= rows)
      throw new Error(messages.getSparseSegmentReductionIndicesOutOfRangeErrorMessage(i, row, rows));
    counts[id]!++;
    for (let j = 0; j < width; j++) sums[id * width + j]! += values[row * width + j]!;
  });
  if (mean) for (let k = 0; k < sums.length; k++) sums[k]! /= Math.max(1, counts[Math.floor(k / width)]!);
  return known(hostArray(data.dtype, sums), [segments, ...data.shape.slice(1)], data.dtype);
}

const kinds = ["a scalar", "a vector", "a matrix"];

function expectRanks(kernelName: string, ...pairs: [Sym, number][]): void {
  for (const [x, rank] of pairs)
    if (x.rank !== rank) throw new VitrineError(kernelName, `expected ${kinds[rank]}, found shape [${x.shape}]`);
}

function list(kernelName: string, x: Sym): number[] {
  return Array.from(numbers(kernelName, x) as Int32Array);
}
