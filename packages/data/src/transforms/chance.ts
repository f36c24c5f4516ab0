// The chance that an operation runs at all.

import type { Rng } from "@vitrine/core";

/** True with chance `p`. Certainty draws nothing, so that an operation that always runs needs no key. */
export function happens(p: number, random: () => Rng): boolean {
  if (p >= 1) return true;
  return p > 0 && random().uniform() < p;
}
