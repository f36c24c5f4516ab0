// A dense layer. In memory its weight is [in, out]; checkpoints hold PyTorch's [out, in].

import { type Initializer, truncNormal, zeros } from "../init.ts";
import { param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";

export interface Linear {
  weight: tf.Tensor2D;
  bias?: tf.Tensor1D;
}

export interface LinearOptions {
  bias?: boolean;
  init?: Initializer;
  biasInit?: Initializer;
}

export function linearSpec(from: number, to: number, options: LinearOptions = {}): Spec<Linear> {
  const weight = param([from, to], options.init ?? truncNormal(0.02), { layout: "linear" });
  return (options.bias ?? true)
    ? { weight, bias: param([to], options.biasInit ?? zeros) }
    : ({ weight } as Spec<Linear>);
}

/** `x W + b` over the last axis. x: [..., in] → [..., out]. */
export function linear<T extends tf.Tensor>(p: Linear, x: T): T {
  const rows = tf.reshape(x, [-1, x.shape.at(-1)!]) as tf.Tensor2D;
  const product = tf.matMul(rows, p.weight);
  const shifted = p.bias === undefined ? product : tf.add(product, p.bias);
  return tf.reshape(shifted, [...x.shape.slice(0, -1), p.weight.shape[1]]) as T;
}
