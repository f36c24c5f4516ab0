// Arithmetic of two or more tensors, element by element.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { ArithmeticKernels, LoweringsOf } from "../kernels.ts";
import { broadcast } from "./broadcast.ts";
import { binary, type Formula, pointwise, type Write, writer } from "./pointwise.ts";

const add = binary("Add");
const multiply = binary("Mul");
const subtract = binary("Sub");

export const arithmetic: LoweringsOf<ArithmeticKernels> = {
  // tfjs' gradients add zeros, multiply by ones and subtract zeros; none of these needs a node.
  Add({ a, b }, attrs, g) {
    if (a.splat === 0) return broadcast(b, a.shape, g);
    if (b.splat === 0) return broadcast(a, b.shape, g);
    return add({ a, b }, attrs, g);
  },
  AddN(inputs, _attrs, g) {
    const sum: Formula = (w, first, ...rest) => rest.reduce((total, value) => w("Add", total, value), first!);
    const float = inputs[0]!.dtype === "float32";
    return inputs.length === 1 ? inputs[0]! : pointwise(float ? "Sum" : sum, inputs, g, { domain: "number" });
  },
  Atan2: binary(arcTangent, "float"),
  BitwiseAnd: binary("BitwiseAnd", "any"),
  FloorDiv: (inputs, _attrs, g) => {
    const { dtype } = inputs.a;
    return dtype === "float32"
      ? pointwise((w, a, b) => w("Floor", w("Div", a!, b!)), [inputs.a, inputs.b], g, { to: "int32" })
      : g.elementwise(
          ([a, b]) => g.cast(floorDivide(writer(g), g.cast(a!, "int64"), g.cast(b!, "int64")), "int32"),
          [inputs.a, inputs.b],
          "int32",
        );
  },
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  Mod({ a, b }, _attrs, g) {
    return pointwise(a.dtype === "float32" ? floatModulo(g) : integerModulo, [a, b], g, { domain: "number" });
  },
  Multiply({ a, b }, attrs, g) {
    if (a.splat === 1) return broadcast(b, a.shape, g);
    if (b.splat === 1) return broadcast(a, b.shape, g);
    return multiply({ a, b }, attrs, g);
  },
  Pow: binary("Pow"),
  RealDiv: binary("Div", "float"),
  SquaredDifference: binary((w, a, b) => {
    const difference = w("Sub", a!, b!);
    return w("Mul", difference, difference);
  }),
  Sub({ a, b }, attrs, g) {
    return b.splat === 0 ? broadcast(a, b.shape, g) : subtract({ a, b }, attrs, g);
  },
};

/** The angle of (x, y). What stands below the quotient is never 0 / 0, and NaN stays NaN. */
function arcTangent(w: Write, y: Value | undefined, x: Value | undefined): Value {
  const width = w("Abs", x!);
  const angle = w("Atan", w("Div", y!, w("Where", w("Equal", y!, 0), w("Add", width, 1), width)));
  const turn = w("Where", w("Less", y!, 0), -Math.PI, Math.PI);
  return w("Where", w("Less", x!, 0), w("Sub", turn, angle), angle);
}

/** Rounds towards minus infinity. In int64, where no quotient of int32 overflows; the processor traps on one that does. */
function floorDivide(w: Write, a: Value, b: Value): Value {
  const divisor = nonZero(w, b);
  const quotient = w("Div", w("Sub", a, w("Mod", a, divisor)), divisor);
  return w("Where", w("Equal", b, 0), 0, quotient);
}

const integerModulo: Formula = (w, a, b) => w("Where", w("Equal", b!, 0), 0, w("Mod", a!, nonZero(w, b!)));

/** Division by zero gives 0, as it does where numbers become integers after the division; the processor would trap. */
const nonZero = (w: Write, b: Value): Value => w("Where", w("Equal", b, 0), 1, b);

/** C's remainder has the dividend's sign; this one has the divisor's. */
const floatModulo =
  (g: Builder): Formula =>
  (w, a, b) => {
    const remainder = writer(g, { fmod: 1 });
    const first = remainder("Mod", a!, b!);
    const alike = w("Equal", w("Less", a!, 0), w("Less", b!, 0));
    return w("Where", alike, first, remainder("Mod", w("Add", first, b!), b!));
  };
