// Comparisons, tests, and choices by them.

import type { DType } from "../graph.ts";
import type { LogicKernels, LoweringsOf } from "../kernels.ts";
import { reshape } from "./movement.ts";
import { binary, retype, unary, writer } from "./pointwise.ts";

export const logic: LoweringsOf<LogicKernels> = {
  // TensorFlow.js counts NaN as true and rounds towards zero, as ONNX does.
  Cast: ({ x }, { dtype }, g) => retype(x, dtype as DType, g),
  Equal: binary("Equal", "any", "bool"),
  Greater: binary("Greater", "number", "bool"),
  GreaterEqual: binary("GreaterOrEqual", "number", "bool"),
  IsFinite: unary((w, x) => w("Less", w("Abs", x!), Number.POSITIVE_INFINITY), "float", "bool"),
  IsInf: unary("IsInf", "float", "bool"),
  IsNan: unary("IsNaN", "float", "bool"),
  Less: binary("Less", "number", "bool"),
  LessEqual: binary("LessOrEqual", "number", "bool"),
  LogicalAnd: binary("And", "any"),
  LogicalNot: unary("Not", "any"),
  LogicalOr: binary("Or", "any"),
  LogicalXor: binary("Xor", "any"),
  NotEqual: binary((w, a, b) => w("Not", w("Equal", a!, b!)), "any", "bool"),
  Select({ condition, t, e }, _attrs, g) {
    // A condition of one dimension chooses rows.
    const rows = condition.rank === 1 && t.rank > 1;
    const choice = rows
      ? reshape(condition, [...condition.shape, ...new Array<number>(t.rank - 1).fill(1)], g)
      : condition;
    return g.elementwise(([c, yes, no]) => writer(g)("Where", c!, yes!, no!), [choice, t, e], t.dtype);
  },
};
