// What lowerings that work element by element are made of: operators by name, and formulas of several nodes.
//
// ONNX Runtime has most operators for float32, fewer for int32, hardly any for bool. TensorFlow.js has them for all. A
// `domain` names the types an operator takes as they are; others are converted on the way in and back on the way out.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { type Attributes, type DType, Value } from "../graph.ts";
import type { Sym } from "../sym.ts";

/** `float`: float32 only. `number`: int32 too. `any`: bool as well. */
export type Domain = "float" | "number" | "any";

/** Writes one node: operator, then inputs. A number is a literal of the other inputs' type. */
export type Write = (op: string, ...inputs: (Value | number)[]) => Value;
export type Formula = (write: Write, ...values: Value[]) => Value;

const tests = new Set(["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "IsInf", "IsNaN"]);

/** Gives nodes their shapes, by broadcasting, and types: what a test gives is bool, what `Where` gives is its branches' type. */
export function writer(g: Builder, attributes: Attributes = {}): Write {
  return (op, ...inputs) => {
    const data = op === "Where" ? inputs.slice(1) : inputs;
    const dtype = data.find((input) => input instanceof Value)?.dtype ?? "float32";
    const values = inputs.map((input) => (input instanceof Value ? input : g.scalar(input, dtype)));
    const shape = values.reduce<number[]>((s, v) => tf.backend_util.assertAndGetBroadcastShape(s, [...v.shape]), []);
    if (op === "Where" && dtype === "bool") {
      // ONNX Runtime chooses between bytes, not between bools.
      const branches = values.slice(1).map((value) => g.cast(value, "uint8"));
      return g.cast(g.node(op, [values[0], ...branches], {}, shape, "uint8"), "bool");
    }
    return g.node(op, values, attributes, shape, tests.has(op) ? "bool" : dtype);
  };
}

/** An operator or formula applied to tensors of one type; the result has type `to`, or the inputs' own. */
export function pointwise(
  op: string | Formula,
  inputs: readonly Sym[],
  g: Builder,
  { domain = "float", to, attributes }: { domain?: Domain; to?: DType; attributes?: Attributes } = {},
): Sym {
  const own = inputs[0]!.dtype;
  const working = workingType(own, domain);
  const write = writer(g, attributes);
  const formula: Formula = typeof op === "string" ? (w, ...values) => w(op, ...values) : op;
  return g.elementwise(
    (values) => g.cast(formula(write, ...values.map((value) => g.cast(value, working))), to ?? own),
    inputs,
    to ?? own,
  );
}

function workingType(dtype: DType, domain: Domain): DType {
  if (domain === "float") return "float32";
  return dtype === "bool" && domain === "number" ? "int32" : dtype;
}

export const unary =
  (op: string | Formula, domain: Domain = "float", to?: DType) =>
  ({ x }: { x: Sym }, _attrs: unknown, g: Builder): Sym =>
    pointwise(op, [x], g, { domain, ...(to && { to }) });

export const binary =
  (op: string | Formula, domain: Domain = "number", to?: DType) =>
  ({ a, b }: { a: Sym; b: Sym }, _attrs: unknown, g: Builder): Sym =>
    pointwise(op, [a, b], g, { domain, ...(to && { to }) });

/** `x` in another type; itself where it has that type. */
export function retype(x: Sym, dtype: DType, g: Builder): Sym {
  return x.dtype === dtype ? x : g.elementwise(([value]) => g.cast(value!, dtype), [x], dtype);
}
