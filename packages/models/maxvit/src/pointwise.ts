// A dense layer over channels whose weight checkpoints hold as that of a linear layer or of a 1x1 convolution.

import { type Initializer, param, type Spec, tf } from "@vitrine/core";
import { linear } from "@vitrine/core/layers";

export interface Pointwise {
  weight: tf.Tensor2D | tf.Tensor4D;
  bias?: tf.Tensor1D;
}

export interface PointwiseSpecOptions {
  /** As a 1x1 convolution. */
  asConv: boolean;
  bias: boolean;
  init: Initializer;
}

export function pointwiseSpec(from: number, to: number, { asConv, bias, init }: PointwiseSpecOptions): Spec<Pointwise> {
  const weight = asConv
    ? param([1, 1, from, to], init, { layout: "conv" })
    : param([from, to], init, { layout: "linear" });
  return (bias ? { weight, bias: param([to], init) } : { weight }) as Spec<Pointwise>;
}

/** The weight as a matrix, [in, out]. */
export function matrix({ weight }: Pointwise): tf.Tensor2D {
  return tf.reshape(weight, weight.shape.slice(-2) as [number, number]);
}

/** x: [..., in] → [..., out]. */
export function pointwise<T extends tf.Tensor>(p: Pointwise, x: T): T {
  const weight = matrix(p);
  return linear(p.bias === undefined ? { weight } : { weight, bias: p.bias }, x);
}
