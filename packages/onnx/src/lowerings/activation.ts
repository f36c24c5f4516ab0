// Activations that are ops of @vitrine/core.

import type { ActivationKernels, LoweringsOf } from "../kernels.ts";

export const activation: LoweringsOf<ActivationKernels> = {
  Gelu({ x }, _attrs, g) {
    if (g.opset >= 20) return g.elementwise("Gelu", [x]);
    return g.elementwise(
      ([value], shape) => {
        const erf = g.node("Erf", [g.node("Mul", [value, g.scalar(Math.SQRT1_2)], {}, shape)], {}, shape);
        const twice = g.node("Mul", [value, g.node("Add", [erf, g.scalar(1)], {}, shape)], {}, shape);
        return g.node("Mul", [twice, g.scalar(0.5)], {}, shape);
      },
      [x],
    );
  },
  // dy/2 · (1 + erf(u) + 2/√π · u · exp(-u²)), with u = x/√2 shared.
  GeluGrad({ dy, x }, _attrs, g) {
    return g.elementwise(
      ([d, value], shape) => {
        const node = (op: string, ...inputs: Parameters<typeof g.node>[1][number][]) => g.node(op, inputs, {}, shape);
        const u = node("Mul", value, g.scalar(Math.SQRT1_2));
        const bell = node("Exp", node("Neg", node("Mul", u, u)));
        const slope = node("Mul", node("Mul", u, bell), g.scalar(2 / Math.sqrt(Math.PI)));
        const sum = node("Add", node("Add", node("Erf", u), slope), g.scalar(1));
        return node("Mul", node("Mul", d, g.scalar(0.5)), sum);
      },
      [dy, x],
    );
  },
};
