// Initial values as the reference draws them.

import type { Initializer } from "@vitrine/core";
import { normal, zeros } from "@vitrine/core";

/** Of a convolution: normal, so that it keeps the size of gradients. `to`: output channels of a group. */
export function convInit(kernel: number, to: number): { init: Initializer; biasInit: Initializer } {
  return { init: normal(Math.sqrt(2 / (kernel * kernel * to))), biasInit: zeros };
}

/** Of the steps' bias: what softplus makes a step between 0.001 and 0.1, evenly on a logarithmic scale. */
export const stepBias: Initializer = (shape, rng) =>
  Float32Array.from({ length: shape.reduce((product, d) => product * d, 1) }, () => {
    const step = Math.max(1e-4, Math.exp(Math.log(0.001) + rng.uniform() * Math.log(100)));
    return step + Math.log(-Math.expm1(-step));
  });

/** Of the logarithms of how fast states fade: state n fades n times as fast as the first. [D, N] */
export const fadingLogs: Initializer = ([channels = 0, states = 0]) =>
  Float32Array.from({ length: channels * states }, (_, i) => Math.log(1 + (i % states)));
