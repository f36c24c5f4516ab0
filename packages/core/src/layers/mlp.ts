// The perceptron of a transformer block: widen, bend, narrow.

import { type Mode, scope } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import type { Spec } from "../params.ts";
import type { tf } from "../tf.ts";
import { type Activation, activations } from "./activation.ts";
import { type Linear, linear, linearSpec } from "./linear.ts";

export interface Mlp {
  fc1: Linear;
  fc2: Linear;
}

export interface MlpOptions {
  activation?: Activation;
  drop?: number;
}

export function mlpSpec(dim: number, hidden: number, options: { bias?: boolean } = {}): Spec<Mlp> {
  return { fc1: linearSpec(dim, hidden, options), fc2: linearSpec(hidden, dim, options) };
}

/** `fc2(act(fc1(x)))`. x: [..., D] → [..., D]. */
export function mlp<T extends tf.Tensor>(p: Mlp, x: T, mode: Mode, options: MlpOptions = {}): T {
  const { activation = "gelu", drop = 0 } = options;
  const hidden = dropout(activations[activation](linear(p.fc1, x)), drop, scope(mode, "drop1"));
  return dropout(linear(p.fc2, hidden), drop, scope(mode, "drop2"));
}
