// Functions of one number.

import type { LoweringsOf, MathKernels } from "../kernels.ts";
import { type Formula, pointwise, unary } from "./pointwise.ts";

/** ln(1 + x), exact for small x: the rounding error of 1 + x is made up for by the quotient. Goldberg 1991, theorem 4. */
const log1p: Formula = (w, x) => {
  const u = w("Add", x!, 1);
  const scaled = w("Mul", w("Log", u), w("Div", x!, w("Sub", u, 1)));
  const large = w("Where", w("Equal", u, x!), w("Log", u), scaled);
  return w("Where", w("Equal", u, 1), x!, large);
};

/** exp(x) - 1, exact for small x, as tanh(x / 2) · (exp(x) + 1). */
const expm1: Formula = (w, x) => w("Mul", w("Tanh", w("Mul", x!, 0.5)), w("Add", w("Exp", x!), 1));

export const math: LoweringsOf<MathKernels> = {
  Abs: unary("Abs", "number"),
  Acos: unary("Acos"),
  Acosh: unary("Acosh"),
  Asin: unary("Asin"),
  Asinh: unary("Asinh"),
  Atan: unary("Atan"),
  Atanh: unary("Atanh"),
  Ceil: unary("Ceil"),
  ClipByValue({ x }, { clipValueMin, clipValueMax }, g) {
    return pointwise((w, value) => w("Clip", value!, clipValueMin, clipValueMax), [x], g, { domain: "number" });
  },
  Cos: unary("Cos"),
  Cosh: unary("Cosh"),
  Erf: unary("Erf"),
  Exp: unary("Exp", "float", "float32"),
  Expm1: unary(expm1),
  Floor: unary("Floor"),
  Log: unary("Log"),
  Log1p: unary(log1p),
  Neg: unary("Neg", "number"),
  Reciprocal: unary("Reciprocal"),
  Round: unary("Round"),
  Rsqrt: unary((w, x) => w("Reciprocal", w("Sqrt", x!))),
  // The sign of NaN is 0 in TensorFlow.js.
  Sign: ({ x }, _attrs, g) =>
    x.dtype === "float32"
      ? pointwise((w, value) => w("Where", w("IsNaN", value!), 0, w("Sign", value!)), [x], g)
      : pointwise("Sign", [x], g, { domain: "number" }),
  Sin: unary("Sin"),
  Sinh: unary("Sinh"),
  Sqrt: unary("Sqrt"),
  Square: unary((w, x) => w("Mul", x!, x!), "number"),
  Tan: unary("Tan"),
  Tanh: unary("Tanh"),
};
