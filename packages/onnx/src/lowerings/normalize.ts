// Normalisation and softmax. LayerNorm is an op of @vitrine/core.

import type { Builder } from "../builder.ts";
import { float, type Value } from "../graph.ts";
import type { LoweringsOf, NormalizeKernels } from "../kernels.ts";
import { NCHW } from "../sym.ts";
import { pointwise, type Write, writer } from "./pointwise.ts";

export const normalize: LoweringsOf<NormalizeKernels> = {
  FusedBatchNorm({ x, scale, offset, mean, variance }, { varianceEpsilon }, g) {
    const shift = offset ?? g.splat(0, mean.shape);
    const slope = scale ?? g.splat(1, mean.shape);
    // In this order ONNX Runtime can fold it into the convolution before it.
    if (x.perm?.join() === NCHW.join() && mean.rank === 1) {
      const inputs = [g.as(x, NCHW), slope, shift, mean, variance];
      const attributes = { epsilon: float(varianceEpsilon) };
      return g.sym(
        g.node(
          "BatchNormalization",
          inputs,
          attributes,
          NCHW.map((a) => x.shape[a]!),
        ),
        NCHW,
      );
    }
    const factor = pointwise((w, s, v) => w("Div", s!, w("Sqrt", w("Add", v!, varianceEpsilon))), [slope, variance], g);
    const term = pointwise((w, o, m, f) => w("Sub", o!, w("Mul", m!, f!)), [shift, mean, factor], g);
    return pointwise((w, v, f, t) => w("Add", w("Mul", v!, f!), t!), [x, factor, term], g);
  },
  LayerNorm({ x, scale, offset }, { epsilon }, g) {
    const column = [...x.shape.slice(0, -1), 1];
    const types = [{ shape: x.shape }, { shape: column }, { shape: column }];
    return g.nodes("LayerNormalization", [x, scale, offset], { axis: -1, epsilon: float(epsilon) }, types);
  },
  LRN({ x }, attrs, g) {
    const w = writer(g);
    const value = g.value(x);
    return w("Mul", value, w("Pow", neighbourhood(w, value, attrs, g), -attrs.beta));
  },
  // dy · n^-β - 2αβ · x · Σ (dy · y / n), where the sum goes over the channels whose neighbourhood has this one.
  LRNGrad({ x, y, dy }, attrs, g) {
    const { depthRadius, alpha, beta } = attrs;
    const w = writer(g);
    const [input, slope] = [g.value(x), g.value(dy)];
    const norm = neighbourhood(w, input, attrs, g);
    const shared = windowSum(w("Div", w("Mul", slope, g.value(y)), norm), depthRadius, g);
    return w("Sub", w("Mul", slope, w("Pow", norm, -beta)), w("Mul", w("Mul", input, 2 * alpha * beta), shared));
  },
  LogSoftmax: ({ logits }, { axis }, g) => g.node("LogSoftmax", [logits], { axis }, logits.shape),
  Softmax: ({ logits }, { dim }, g) => g.node("Softmax", [logits], { axis: dim }, logits.shape),
};

interface Neighbourhood {
  depthRadius: number;
  bias: number;
  alpha: number;
}

/** What local response normalisation divides by, before the exponent: bias + α · Σ x² over the channels around. */
function neighbourhood(w: Write, x: Value, { depthRadius, bias, alpha }: Neighbourhood, g: Builder): Value {
  return w("Add", w("Mul", windowSum(w("Mul", x, x), depthRadius, g), alpha), bias);
}

/** The sum over `radius` elements of the last axis to either side, as a pooling of one dimension. */
function windowSum(x: Value, radius: number, g: Builder): Value {
  const size = 2 * radius + 1;
  const channels = x.shape.at(-1)!;
  const row = [x.shape.slice(0, -1).reduce((product, d) => product * d, 1), 1, channels];
  const attributes = { kernel_shape: [size], pads: [radius, radius], count_include_pad: 1 };
  const mean = g.node("AveragePool", [g.reshape(x, row)], attributes, row);
  return g.reshape(writer(g)("Mul", mean, size), x.shape);
}
