// Optimizers as kernels over flat memories. The same numbers as their definitions in tf ops (`optim/`), tested.

import type { OptimizerConfig } from "../step.ts";
import type { Arena } from "./arena.ts";

export interface UpdateRun {
  learningRate: number;
  /** Number of this update, from 1. */
  count: number;
  /** Region that holds the gradients. */
  grads: string;
  /** Gradients are multiplied by it first. */
  scale: number;
}

export interface HostOptimizer {
  /** Regions of memory it needs besides parameters and gradients, by the names PyTorch gives them. */
  moments: readonly string[];
  /** Updates one memory in place. */
  update(arena: Arena, run: UpdateRun): void;
}

export function hostOptimizer(config: OptimizerConfig): HostOptimizer {
  switch (config.name) {
    case "adamw":
      return adamw(config);
    case "sgd":
      return sgd(config);
    default:
      return config satisfies never;
  }
}

function adamw({
  betas = [0.9, 0.999],
  epsilon = 1e-8,
  weightDecay = 0.01,
}: Extract<OptimizerConfig, { name: "adamw" }>): HostOptimizer {
  const [beta1, beta2] = betas;
  return {
    moments: ["exp_avg", "exp_avg_sq"],
    update(arena, { learningRate, count, grads, scale }) {
      const root = 1 / Math.sqrt(1 - beta2 ** count);
      const [p, g, m, v] = ["params", grads, "exp_avg", "exp_avg_sq"].map(arena.base) as [
        number,
        number,
        number,
        number,
      ];
      for (const { offset, length, decay, rateScale } of arena.segments) {
        const rate = learningRate * rateScale;
        const keep = decay ? 1 - rate * weightDecay : 1;
        const step = rate / (1 - beta1 ** count);
        arena.kernels.adamw(
          p + offset,
          g + offset,
          m + offset,
          v + offset,
          length,
          beta1,
          beta2,
          step,
          keep,
          epsilon,
          root,
          scale,
        );
      }
    },
  };
}

function sgd({
  momentum = 0.9,
  nesterov = false,
  weightDecay = 0,
}: Extract<OptimizerConfig, { name: "sgd" }>): HostOptimizer {
  return {
    moments: ["momentum_buffer"],
    update(arena, { learningRate, count, grads, scale }) {
      const [p, g, m] = ["params", grads, "momentum_buffer"].map(arena.base) as [number, number, number];
      // The first velocity is the gradient; without momentum every one is.
      const blend = count === 1 ? 0 : momentum;
      const [ahead, direct] = nesterov ? [momentum, 1] : [1, 0];
      for (const { offset, length, decay, rateScale } of arena.segments)
        arena.kernels.sgd(
          p + offset,
          g + offset,
          m + offset,
          length,
          blend,
          ahead,
          direct,
          learningRate * rateScale,
          decay ? weightDecay : 0,
          scale,
        );
    },
  };
}
