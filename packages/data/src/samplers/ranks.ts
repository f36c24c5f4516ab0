// One order, dealt out to the ranks of a run as torch's DistributedSampler does it: rank r takes every worldSize-th
// draw from r on. So the ranks' batches of a step hold together what one rank with a batch as large would hold,
// whatever the number of ranks.

import { VitrineError } from "@vitrine/core";
import type { Sampler } from "./sampler.ts";

export interface RankOptions {
  /** Which of the processes this is (0). */
  rank?: number;
  /** How many processes share the data (1). */
  worldSize?: number;
  /**
   * Where draws do not divide among ranks. `pad`: the first ones come again, so that all ranks have as many
   * (DistributedSampler). `drop`: the last ones are left out. `leave`: some ranks have one less, and nothing counts
   * twice: for evaluation.
   */
  uneven?: "pad" | "drop" | "leave";
}

/** The draws of one rank in one epoch. */
export interface Share {
  indices: Uint32Array;
  /**
   * For each draw, how often its sample came before in the epoch, on any rank. Left out where no sample comes twice.
   */
  repeats?: Uint32Array;
}

/** Draws of a rank in an epoch. */
export function shareLength(length: number, { rank = 0, worldSize = 1, uneven = "pad" }: RankOptions): number {
  if (uneven === "pad") return Math.ceil(length / worldSize);
  if (uneven === "drop") return Math.floor(length / worldSize);
  return Math.max(0, Math.ceil((length - rank) / worldSize));
}

/** What a rank reads in an epoch, in its order. `samples` is the length of the data set. */
export function shareOf(sampler: Sampler, samples: number, epoch: number, seed: number, how: RankOptions): Share {
  const { rank = 0, worldSize = 1 } = how;
  const order = sampler.order(epoch, seed);
  const count = shareLength(sampler.length, how);
  const indices = Uint32Array.from({ length: count }, (_, k) => order[(k * worldSize + rank) % order.length]!);
  const last = (count - 1) * worldSize + rank;
  // Whether a sample came before is the same question on all ranks: they look at the whole list.
  const seen = new Uint32Array(samples);
  const repeats = new Uint32Array(count);
  let twice = false;
  for (let i = 0; i <= last; i++) {
    const before = seen[order[i % order.length]!]!++;
    if (i % worldSize !== rank) continue;
    repeats[(i - rank) / worldSize] = before;
    twice ||= before > 0;
  }
  return twice ? { indices, repeats } : { indices };
}

/** @throws VitrineError for ranks that there cannot be. */
export function checkRank({ rank = 0, worldSize = 1 }: RankOptions): void {
  const whole = Number.isInteger(rank) && Number.isInteger(worldSize);
  if (whole && worldSize >= 1 && rank >= 0 && rank < worldSize) return;
  const message = `rank must lie in 0 ... worldSize - 1, found rank ${rank} of ${worldSize}`;
  throw new VitrineError("loader", message, { usage: true });
}
