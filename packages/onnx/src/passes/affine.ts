// Steps `x · k` and `x + k` with a constant k, and where along a tensor k varies: what the passes on them have in common.

import { type Node, Value } from "../graph.ts";
import type { Rewriter } from "./rewrite.ts";

export interface Affine {
  kind: "scale" | "shift";
  /** What is scaled or shifted. */
  x: Value;
  /** The factor or term. Puts a node where the graph divides or subtracts. */
  by(): Value;
}

const kinds: Readonly<Record<string, Affine["kind"]>> = { Mul: "scale", Div: "scale", Add: "shift", Sub: "shift" };

/** The step that a node is, if it is one and keeps the shape. */
export function affineOf(node: Node, r: Rewriter): Affine | undefined {
  const kind = kinds[node.op];
  const [out] = node.outputs;
  if (kind === undefined || out!.dtype !== "float32") return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const first = r.isKnown(a);
  const inverse = node.op === "Div" || node.op === "Sub";
  if (first === r.isKnown(b) || (first && inverse)) return undefined;
  const [x, by] = first ? [b, a] : [a, b];
  if (x.shape.join() !== out!.shape.join()) return undefined;
  if (!inverse) return { kind, x, by: () => by };
  return { kind, x, by: () => r.put(node.op === "Div" ? "Reciprocal" : "Neg", [by], {}, by.shape) };
}

/** The axis of a tensor of `rank` along which `by` varies; none where it is one number, `undefined` where there are several. */
export function axisOf(by: Value, rank: number): number | "none" | undefined {
  const long = by.shape.flatMap((d, i) => (d === 1 ? [] : [i + rank - by.shape.length]));
  if (long.length === 0) return "none";
  return long.length === 1 ? long[0] : undefined;
}

/** The numbers of `by` in another shape. */
export function shaped(by: Value, shape: readonly number[], r: Rewriter): Value {
  return by.shape.join() === shape.join() ? by : r.put("Reshape", [by, ints(shape)], {}, shape);
}

/** `by` for axis `axis` of a tensor of `rank`. */
export function along(by: Value, axis: number | "none", rank: number, r: Rewriter): Value {
  if (axis === "none") return shaped(by, [], r);
  return shaped(by, [count(by.shape), ...new Array<number>(rank - axis - 1).fill(1)], r);
}

export function ints(values: readonly number[]): Value {
  const data = BigInt64Array.from(values, (v) => BigInt(v));
  return new Value([values.length], "int64", { data, literal: true });
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, d) => product * d, 1);
}

/**
 * The axis of a Transpose's or Reshape's input that is `axis` of its output; `undefined` where there is none for certain.
 */
export function axisBefore(node: Node, axis: number | "none"): number | "none" | undefined {
  if (axis === "none" && (node.op === "Transpose" || node.op === "Reshape")) return axis;
  if (axis === "none") return undefined;
  if (node.op === "Transpose") return (node.attributes.perm as readonly number[])[axis];
  if (node.op !== "Reshape") return undefined;
  const [before, after] = [node.inputs[0]!.shape, node.outputs[0]!.shape];
  // The last axis stays what it is where its size stays, and so does one that all axes in front of it stay with.
  if (axis === after.length - 1 && before.at(-1) === after.at(-1)) return before.length - 1;
  return after.slice(0, axis + 1).every((d, i) => d === before[i]) ? axis : undefined;
}
