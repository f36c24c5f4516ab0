// Stochastic gradient descent with momentum, in PyTorch's form: the velocity is not damped, and starts as the gradient.

import { tf } from "@vitrine/core";
import { addDecayedWeights, chain, descend, type Optimizer, type Transform, zeroMoment } from "./transform.ts";

export interface SgdOptions {
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
}

/** SGD with decay added to the gradient (L2). https://proceedings.mlr.press/v28/sutskever13.html for both kinds of momentum. */
export function sgd({ momentum, nesterov, weightDecay }: SgdOptions): Optimizer {
  return descend(chain(addDecayedWeights(weightDecay), trace(momentum, nesterov)));
}

/** `v ← momentum · v + g`; gives v, or `g + momentum · v` for Nesterov's kind. */
function trace(momentum: number, nesterov: boolean): Transform {
  const moment = "momentum_buffer";
  return {
    init: (params) => new Map(zeroMoment(moment, params)),
    update(grads, state) {
      const next = new Map<string, tf.Tensor>();
      const changed = new Map<string, tf.Tensor>();
      for (const [path, grad] of grads) {
        const velocity = tf.add(tf.mul(state.get(`${moment}.${path}`)!, momentum), grad);
        next.set(`${moment}.${path}`, velocity);
        changed.set(path, nesterov ? tf.add(grad, tf.mul(velocity, momentum)) : velocity);
      }
      return { grads: changed, state: next };
    },
  };
}
