// Kinks. Where a ReLU's input lies within rounding of zero, two correct programs may take its two sides, and all gradients
// behind it differ by that one element. The same weights moved by a unit in the last place tell this from a mistake: a
// mistake stays, and a program that is right then meets the reference in every quantity at once.

import { leaves, mapLeaves, Rng, tf } from "@vitrine/core";
import type { Check } from "./check-case.ts";

/** How many times the weights are moved before a miss is taken for a miss. */
export const attempts = 8;

/** Whether gradients and the step alone are missed: a kink leaves everything ahead of them as it is. */
export function mayBeKink(checks: readonly Check[]): boolean {
  const missed = checks.filter(({ ok }) => !ok);
  const behind = ({ quantity, note }: Check) => note === undefined && (quantity === "gradients" || quantity === "step");
  return missed.length > 0 && missed.every(behind);
}

/** The parameters, each float moved by at most a unit in its last place (a part of 2⁻²³), drawn by `seed`. */
export async function nudge<P extends object>(params: P, seed: number): Promise<P> {
  const moved = new Map<string, tf.Tensor>();
  for (const [path, tensor] of leaves(params)) {
    if (tensor.dtype !== "float32") {
      moved.set(path, tf.clone(tensor));
      continue;
    }
    const rng = Rng.of(seed, path);
    const values = ((await tensor.data()) as Float32Array).map((value) => value * (1 + (rng.int(3) - 1) * 2 ** -23));
    moved.set(path, tf.tensor(values, tensor.shape));
  }
  return mapLeaves<P>(params, (_, path) => moved.get(path));
}
