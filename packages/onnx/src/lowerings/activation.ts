// Activations: those of TensorFlow.js, and those that are ops of @vitrine/core.

import { float } from "../graph.ts";
import type { ActivationKernels, LoweringsOf } from "../kernels.ts";
import { pointwise, unary } from "./pointwise.ts";

// The approximation of GELU with a tanh is x · sigmoid(x (A + B x²)).
const A = 2 * Math.sqrt(2 / Math.PI);
const B = 0.044715 * A;

export const activation: LoweringsOf<ActivationKernels> = {
  Elu: unary("Elu"),
  // y is what Elu gave: exp(x) - 1 below zero, whose slope is y + 1.
  EluGrad: ({ dy, y }, _attrs, g) => pointwise((w, d, v) => w("Mul", d!, w("Add", w("Min", v!, 0), 1)), [dy, y], g),
  Gelu({ x }, _attrs, g) {
    if (g.opset >= 20) return g.elementwise("Gelu", [x]);
    const { SQRT1_2 } = Math;
    return pointwise((w, v) => w("Mul", w("Mul", v!, w("Add", w("Erf", w("Mul", v!, SQRT1_2)), 1)), 0.5), [x], g);
  },
  // dy · (Φ(x) + x·φ(x)) = dy · ((1 + erf(u)) / 2 + u · exp(-u²) / √π), with u = x/√2 shared. Each node is a pass over memory:
  // the first term is one HardSigmoid (which cuts off nothing here), and the constant of the second goes into the exponent.
  GeluGrad({ dy, x }, _attrs, g) {
    return pointwise(
      (w, d, v) => {
        const u = w("Mul", v!, Math.SQRT1_2);
        const half = { alpha: float(0.5), beta: float(0.5) };
        const phi = g.node("HardSigmoid", [w("Erf", u)], half, u.shape);
        const bell = w("Exp", w("Sub", -Math.log(Math.PI) / 2, w("Mul", u, u)));
        return w("Mul", d!, w("Add", phi, w("Mul", u, bell)));
      },
      [dy, x],
      g,
    );
  },
  GeluTanh({ x }, _attrs, g) {
    if (g.opset >= 20) return g.elementwise("Gelu", [x], x.dtype, { approximate: "tanh" });
    return pointwise(
      (w, v) => w("Mul", v!, w("Sigmoid", w("Mul", v!, w("Add", w("Mul", w("Mul", v!, v!), B), A)))),
      [x],
      g,
    );
  },
  // dy · s · (1 + (1 - s) · x · (A + 3 B x²)), with B x² shared.
  GeluTanhGrad({ dy, x }, _attrs, g) {
    return pointwise(
      (w, d, v) => {
        const cubic = w("Mul", w("Mul", v!, v!), B);
        const s = w("Sigmoid", w("Mul", v!, w("Add", cubic, A)));
        const slope = w("Mul", v!, w("Add", w("Mul", cubic, 3), A));
        return w("Mul", d!, w("Mul", s, w("Add", w("Mul", w("Sub", 1, s), slope), 1)));
      },
      [dy, x],
      g,
    );
  },
  LeakyRelu: ({ x }, { alpha }, g) =>
    pointwise("LeakyRelu", [x], g, { attributes: { alpha: float(alpha) }, to: "float32" }),
  Prelu: ({ x, alpha }, _attrs, g) => pointwise("PRelu", [x, alpha], g, { to: "float32" }),
  Relu: unary("Relu", "number"),
  Relu6: unary((w, x) => w("Clip", x!, 0, 6), "number"),
  Selu: unary("Selu"),
  Sigmoid: unary("Sigmoid"),
  Softplus: unary("Softplus"),
  // A steep enough HardSigmoid is a step, and ONNX Runtime computes it 2.7 times as fast as Where(Greater).
  Step: ({ x }, { alpha }, g) =>
    alpha === 0
      ? pointwise("HardSigmoid", [x], g, { attributes: { alpha: float(1e30), beta: float(0) } })
      : pointwise((w, v) => w("Where", w("Greater", v!, 0), 1, w("Where", w("IsNaN", v!), v!, alpha)), [x], g),
};
