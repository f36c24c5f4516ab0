// Strings cannot be part of a program, but their places can: kernels that move, compare or choose elements work on the
// strings' ranks in sorted order, and what they give is looked up again.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { type Content, Strings } from "../content.ts";
import { Value } from "../graph.ts";
import type { AnyLowering, LoweringResult } from "../kernels.ts";
import { Sym } from "../sym.ts";
import { numbers } from "./host.ts";
import { lowerings } from "./index.ts";

/** Kernels whose result has strings where an input has. The second result of Unique counts. */
const moving = [
  ...["Identity", "Reshape", "ExpandDims", "Transpose", "Concat", "Pack", "Unpack", "SplitV", "Slice", "StridedSlice"],
  ...["Reverse", "Tile", "GatherV2", "GatherNd", "Select", "SparseToDense", "TensorScatterUpdate", "Unique"],
] as const;
const comparing = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"] as const;

export const stringLowerings: Readonly<Record<string, AnyLowering>> = Object.fromEntries([
  ...moving.map((name) => [name, byRank(name, lowerings[name] as AnyLowering, true)]),
  ...comparing.map((name) => [name, byRank(name, lowerings[name] as AnyLowering, false)]),
]);

/** A tensor whose elements are all one string. */
export function fillStrings(_inputs: unknown, { shape, value }: tf.FillAttrs): Strings {
  return new Strings(
    shape,
    new Array<Uint8Array>(tf.util.sizeFromShape(shape)).fill(tf.util.encodeString(String(value))),
  );
}

function byRank(kernelName: string, lowering: AnyLowering, moves: boolean): AnyLowering {
  return (inputs: Record<string, Content> | Content[], attrs: never, g: Builder) => {
    const texts = Object.values(inputs).flatMap((input) => (input instanceof Strings ? decode(input) : []));
    const sorted = [...new Set(texts)].sort();
    const ranks = new Map(sorted.map((text, rank) => [text, rank]));
    const ranked = (input: Content) => {
      if (!(input instanceof Strings)) return input;
      const data = Int32Array.from(decode(input), (text) => ranks.get(text)!);
      return new Sym(input.shape, "int32", new Value(input.shape, "int32", { data }));
    };
    const chosen = Array.isArray(inputs)
      ? inputs.map(ranked)
      : Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, ranked(input)]));
    const found = lowering(chosen as never, attrs, g);
    if (!moves) return found;
    const look = (result: LoweringResult) => {
      const sym = result instanceof Value ? g.sym(result) : (result as Sym);
      const values = Array.from(numbers(kernelName, sym) as Int32Array, (rank) => tf.util.encodeString(sorted[rank]!));
      return new Strings(sym.shape, values);
    };
    if (kernelName === "Unique") return [look((found as LoweringResult[])[0]!), (found as LoweringResult[])[1]!];
    return Array.isArray(found) ? found.map(look) : look(found);
  };
}

function decode({ values }: Strings): string[] {
  return values.map((bytes) => tf.util.decodeString(bytes));
}
