// A learned factor for each channel of a residual branch. https://arxiv.org/abs/2103.17239

import { constant } from "../init.ts";
import { param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";

export interface LayerScale {
  gamma: tf.Tensor1D;
}

export function layerScaleSpec(dim: number, value: number): Spec<LayerScale> {
  return { gamma: param([dim], constant(value)) };
}

/** x: [..., D] → [..., D]; passes x on where the model has no scale. */
export function layerScale<T extends tf.Tensor>(p: LayerScale | undefined, x: T): T {
  return p === undefined ? x : tf.mul(x, p.gamma);
}
