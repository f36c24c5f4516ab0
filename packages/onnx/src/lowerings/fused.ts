// What TensorFlow.js' fused kernels do after the product: a bias, then an activation.

import { VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import { float } from "../graph.ts";
import type { Sym } from "../sym.ts";

export interface Activation {
  activation?: string;
  leakyreluAlpha?: number;
}

/** `activation(x)`; `slope` is what PReLU multiplies negative numbers by. */
export function activate(x: Sym, { activation, leakyreluAlpha }: Activation, slope: Sym | undefined, g: Builder): Sym {
  switch (activation) {
    case undefined:
    case null:
    case "linear":
      return x;
    case "relu":
      return g.elementwise("Relu", [x]);
    case "relu6":
      return g.elementwise(
        ([value], shape) => g.node("Clip", [value, g.scalar(0), g.scalar(6)], {}, shape, x.dtype),
        [x],
      );
    case "elu":
      return g.elementwise("Elu", [x]);
    case "sigmoid":
      return g.elementwise("Sigmoid", [x]);
    case "leakyrelu":
      return g.elementwise("LeakyRelu", [x], x.dtype, { alpha: float(leakyreluAlpha ?? 0.2) });
    case "prelu":
      if (slope === undefined) throw new VitrineError("prelu", "expected preluActivationWeights, found none");
      return g.elementwise("PRelu", [x, slope]);
    default:
      throw new VitrineError("onnx", `no activation "${activation}" in a fused kernel`);
  }
}
