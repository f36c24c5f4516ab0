// Optimizers as kernels over flat memories. The same numbers as their definitions in tf ops (`optim/`), tested.

import { type ResolvedOptimizer, resolveOptimizer } from "../optim/index.ts";
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
  const resolved = resolveOptimizer(config);
  return resolved.name === "sgd" ? sgd(resolved) : adamw(resolved);
}

function adamw({
  betas: [beta1, beta2],
  epsilon,
  weightDecay,
}: Extract<ResolvedOptimizer, { name: "adamw" }>): HostOptimizer {
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

function sgd({ momentum, nesterov, weightDecay }: Extract<ResolvedOptimizer, { name: "sgd" }>): HostOptimizer {
  return {
    moments: ["momentum_buffer"],
    update(arena, { learningRate, grads, scale }) {
      const [p, g, m] = ["params", grads, "momentum_buffer"].map(arena.base) as [number, number, number];
      const [ahead, direct] = nesterov ? [momentum, 1] : [1, 0];
      for (const { offset, length, decay, rateScale } of arena.segments)
        arena.kernels.sgd(
          p + offset,
          g + offset,
          m + offset,
          length,
          momentum,
          ahead,
          direct,
          learningRate * rateScale,
          decay ? weightDecay : 0,
          scale,
        );
    },
  };
}
