// Optimizers by name, with timm's defaults.

import { didYouMean, VitrineError } from "@vitrine/core";
import type { OptimizerConfig } from "../step.ts";
import { type AdamWOptions, adamw } from "./adamw.ts";
import { type SgdOptions, sgd } from "./sgd.ts";
import type { Optimizer } from "./transform.ts";

export type ResolvedOptimizer = ({ name: "sgd" } & SgdOptions) | ({ name: "adamw" } & AdamWOptions);

const names = ["sgd", "adamw"] as const;

/**
 * A configuration with everything said. Defaults are those of timm's training script: weight decay 2e-5; SGD with
 * momentum 0.9 of Nesterov's kind; AdamW with betas 0.9 and 0.999, epsilon 1e-8.
 * @throws VitrineError for an unknown name or a constant out of range.
 */
export function resolveOptimizer(config: OptimizerConfig): ResolvedOptimizer {
  const { name, weightDecay = 2e-5 } = config;
  if (!(weightDecay >= 0)) throw usage(`weightDecay must be 0 or more, found ${weightDecay}`);
  if (config.name === "sgd") {
    const { momentum = 0.9 } = config;
    const { nesterov = momentum > 0 } = config;
    if (!(momentum >= 0 && momentum < 1)) throw usage(`momentum must lie in [0, 1), found ${momentum}`);
    if (nesterov && momentum === 0) throw usage("nesterov needs a momentum above 0");
    return { name: "sgd", momentum, nesterov, weightDecay };
  }
  if (config.name === "adamw") {
    const { betas = [0.9, 0.999], epsilon = 1e-8 } = config;
    for (const beta of betas) if (!(beta >= 0 && beta < 1)) throw usage(`betas must lie in [0, 1), found ${betas}`);
    if (!(epsilon >= 0)) throw usage(`epsilon must be 0 or more, found ${epsilon}`);
    return { name: "adamw", betas, epsilon, weightDecay };
  }
  throw usage(`unknown optimizer "${name}"${didYouMean(String(name), names)}. Optimizers are ${names.join(", ")}`);
}

/** The optimizer of a configuration, in tf ops. */
export function buildOptimizer(config: OptimizerConfig): Optimizer {
  const resolved = resolveOptimizer(config);
  return resolved.name === "sgd" ? sgd(resolved) : adamw(resolved);
}

function usage(message: string): VitrineError {
  return new VitrineError("optimizer", message, { usage: true });
}
