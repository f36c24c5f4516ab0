// Kernels that work element by element. Each is named as TensorFlow.js names it.

import type { Builder } from "../builder.ts";
import type { DType, Value } from "../graph.ts";
import type { ElementwiseKernels, LoweringsOf } from "../kernels.ts";
import type { Sym } from "../sym.ts";
import { broadcast } from "./broadcast.ts";

const unary =
  (op: string) =>
  ({ x }: { x: Sym }, _attrs: unknown, g: Builder): Sym =>
    g.elementwise(op, [x]);

const binary =
  (op: string, dtype?: DType) =>
  ({ a, b }: { a: Sym; b: Sym }, _attrs: unknown, g: Builder): Sym =>
    g.elementwise(op, [a, b], dtype);

/** Element by element through several nodes; `make` gets the value and its physical shape. */
const composed =
  (make: (x: Value, g: Builder, shape: readonly number[]) => Value, dtype?: DType) =>
  ({ x }: { x: Sym }, _attrs: unknown, g: Builder): Sym =>
    g.elementwise(([value], shape) => make(value!, g, shape), [x], dtype);

export const elementwise: LoweringsOf<ElementwiseKernels> = {
  Abs: unary("Abs"),
  Add({ a, b }, _attrs, g) {
    if (a.splat === 0) return broadcast(b, a.shape, g);
    if (b.splat === 0) return broadcast(a, b.shape, g);
    return g.elementwise("Add", [a, b]);
  },
  Cast({ x }, { dtype }, g) {
    const to = dtype as DType;
    // TensorFlow.js counts NaN as true and truncates towards zero, as ONNX does.
    return g.elementwise(([value]) => g.cast(value!, to), [x], to);
  },
  ClipByValue({ x }, { clipValueMin, clipValueMax }, g) {
    const bounds = [g.scalar(clipValueMin, x.dtype), g.scalar(clipValueMax, x.dtype)];
    return g.elementwise(([value], shape) => g.node("Clip", [value, ...bounds], {}, shape, x.dtype), [x]);
  },
  Equal: binary("Equal", "bool"),
  Erf: unary("Erf"),
  Exp: unary("Exp"),
  Greater: binary("Greater", "bool"),
  GreaterEqual: binary("GreaterOrEqual", "bool"),
  Less: binary("Less", "bool"),
  LessEqual: binary("LessOrEqual", "bool"),
  Log: unary("Log"),
  LogicalAnd: binary("And"),
  LogicalNot: unary("Not"),
  LogicalOr: binary("Or"),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  // tfjs' gradients multiply by ones and scale by zeros; neither needs a node.
  Multiply({ a, b }, _attrs, g) {
    if (a.splat === 1) return broadcast(b, a.shape, g);
    if (b.splat === 1) return broadcast(a, b.shape, g);
    return g.elementwise("Mul", [a, b]);
  },
  Neg: unary("Neg"),
  NotEqual: ({ a, b }, _attrs, g) =>
    g.elementwise(
      (values, shape) => g.node("Not", [g.node("Equal", values, {}, shape, "bool")], {}, shape, "bool"),
      [a, b],
      "bool",
    ),
  Pow: binary("Pow"),
  RealDiv: binary("Div"),
  Reciprocal: unary("Reciprocal"),
  Relu: unary("Relu"),
  Relu6: composed((x, g, shape) => g.node("Clip", [x, g.scalar(0, x.dtype), g.scalar(6, x.dtype)], {}, shape, x.dtype)),
  Rsqrt: composed((x, g, shape) => g.node("Reciprocal", [g.node("Sqrt", [x], {}, shape)], {}, shape)),
  Select({ condition, t, e }, _attrs, g) {
    return g.elementwise("Where", [condition, t, e], t.dtype);
  },
  Sigmoid: unary("Sigmoid"),
  Sign: unary("Sign"),
  Sqrt: unary("Sqrt"),
  Square: composed((x, g, shape) => g.node("Mul", [x, x], {}, shape, x.dtype)),
  SquaredDifference: ({ a, b }, _attrs, g) =>
    g.elementwise(
      (values, shape) => {
        const difference = g.node("Sub", values, {}, shape, a.dtype);
        return g.node("Mul", [difference, difference], {}, shape, a.dtype);
      },
      [a, b],
    ),
  Step({ x }, { alpha }, g) {
    return g.elementwise(
      ([value], shape) => {
        const positive = g.node("Greater", [value, g.scalar(0, x.dtype)], {}, shape, "bool");
        return g.node("Where", [positive, g.scalar(1, x.dtype), g.scalar(alpha, x.dtype)], {}, shape, x.dtype);
      },
      [x],
    );
  },
  Sub({ a, b }, _attrs, g) {
    return b.splat === 0 ? broadcast(a, b.shape, g) : g.elementwise("Sub", [a, b]);
  },
  Tanh: unary("Tanh"),
};
