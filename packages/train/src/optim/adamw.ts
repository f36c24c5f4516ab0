// Adam with decoupled weight decay. https://arxiv.org/abs/1711.05101

import { tf } from "@vitrine/core";
import { addDecayedWeights, chain, descend, type Optimizer, type Transform, zeroMoment } from "./transform.ts";

export interface AdamWOptions {
  betas: readonly [number, number];
  epsilon: number;
  weightDecay: number;
}

/** `p ← p - rate · (m̂ / (√v̂ + ε) + weightDecay · p)`, which is PyTorch's AdamW. */
export function adamw({ betas, epsilon, weightDecay }: AdamWOptions): Optimizer {
  return descend(chain(scaleByAdam(betas, epsilon), addDecayedWeights(weightDecay)));
}

/** Gradients divided by their own root mean square, both averaged over time and corrected for the start at zero. */
function scaleByAdam([beta1, beta2]: readonly [number, number], epsilon: number): Transform {
  return {
    init: (params) => new Map([...zeroMoment("exp_avg", params), ...zeroMoment("exp_avg_sq", params)]),
    update(grads, state, _params, { count }) {
      const first = tf.sub(1, tf.pow(beta1, count));
      const root = tf.sqrt(tf.sub(1, tf.pow(beta2, count)));
      const next = new Map<string, tf.Tensor>();
      const changed = new Map<string, tf.Tensor>();
      for (const [path, grad] of grads) {
        const mean = tf.add(tf.mul(state.get(`exp_avg.${path}`)!, beta1), tf.mul(grad, 1 - beta1));
        const square = tf.add(tf.mul(state.get(`exp_avg_sq.${path}`)!, beta2), tf.mul(tf.square(grad), 1 - beta2));
        next.set(`exp_avg.${path}`, mean);
        next.set(`exp_avg_sq.${path}`, square);
        changed.set(path, tf.div(tf.div(mean, first), tf.add(tf.div(tf.sqrt(square), root), epsilon)));
      }
      return { grads: changed, state: next };
    },
  };
}
