// Order: the largest elements, and places in sorted rows.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf, SortKernels } from "../kernels.ts";
import type { Sym } from "../sym.ts";
import { retype, writer } from "./pointwise.ts";

interface Sorted {
  sortedSequence: Sym;
  values: Sym;
}

/** How many elements of the row lie before the value: none that is equal to it (`left`), or all of them (`right`). */
function search({ sortedSequence, values }: Sorted, side: "left" | "right", g: Builder): Value {
  const [rows, length] = sortedSequence.shape as [number, number];
  const row = g.reshape(g.value(sortedSequence), [rows, 1, length]);
  const column = g.reshape(g.value(values), [...values.shape, 1]);
  const before = writer(g)(side === "left" ? "Less" : "LessOrEqual", row, column);
  return g.node("ReduceSum", [g.cast(before, "int32"), g.ints([2])], { keepdims: 0 }, values.shape, "int32");
}

export const sorts: LoweringsOf<SortKernels> = {
  LowerBound: (inputs, _attrs, g) => search(inputs, "left", g),
  SearchSorted: (inputs, { side }, g) => search(inputs, side, g),
  // Always sorted: TensorFlow.js promises that of equal elements the first comes first even where it need not sort.
  TopK({ x }, { k }, g) {
    const shape = [...x.shape.slice(0, -1), k];
    if (shape.includes(0)) return [g.splat(0, shape, x.dtype), g.splat(0, shape, "int32")];
    const types = [
      { shape, dtype: x.dtype === "bool" ? "int32" : x.dtype },
      { shape, dtype: "int64" },
    ] as const;
    const input = retype(x, types[0].dtype, g);
    const [values, indices] = g.nodes("TopK", [input, g.ints([k])], { sorted: 1 }, types) as [Value, Value];
    return [g.cast(values, x.dtype), g.cast(indices, "int32")];
  },
  UpperBound: (inputs, _attrs, g) => search(inputs, "right", g),
};
