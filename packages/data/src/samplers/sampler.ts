// Which samples make an epoch, and in what order. A sampler says it for all ranks together; `ranks.ts` deals it out.

import { Rng, VitrineError } from "@vitrine/core";

/** The order of an epoch, a function of seed and epoch alone. */
export interface Sampler {
  /** Draws in an epoch, over all ranks. */
  readonly length: number;
  /**
   * Positions in the data set: `length` of them, or more where the list goes on and ranks may be filled up from there.
   */
  order(epoch: number, seed: number): Uint32Array;
  /** What becomes of draws that do not divide among ranks, where the sampler's own rule says it. */
  readonly uneven?: "pad" | "drop";
}

/** All samples in their order. */
export function orderedSampler(length: number): Sampler {
  return { length, order: () => Uint32Array.from({ length }, (_, i) => i) };
}

/** All samples, each epoch in another order. */
export function shuffledSampler(length: number): Sampler {
  return { length, order: (epoch, seed) => Rng.of(seed, epoch, "order").permutation(length) };
}

export interface RepeatedOptions {
  /** How often a sample comes in a row; not necessarily whole (3). */
  repeats?: number;
  /** The epoch is cut to a multiple of this many draws, where the data set has as many (256; 0 does not cut). */
  round?: number;
}

/**
 * Repeated augmentation (Hoffer et al. 2020, https://arxiv.org/abs/1901.09335) by the rule of DeiT and timm's
 * RepeatAugSampler: each sample of a shuffled order comes `repeats` times in a row, every time augmented anew, and the
 * epoch ends after as many draws as there are samples: an epoch sees one `repeats`-th of the data. Unlike timm's it is
 * of use with one rank, too.
 */
export function repeatedSampler(length: number, options: RepeatedOptions = {}): Sampler {
  const { repeats = 3, round = 256 } = options;
  if (!(repeats >= 1 && repeats <= 1000)) throw usage(`repeats must be a number from 1 to 1000, found ${repeats}`);
  if (!Number.isInteger(round) || round < 0) throw usage(`round must be 0 or a positive integer, found ${round}`);
  const cut = round > 0 && length >= round;
  return {
    length: cut ? Math.floor(length / round) * round : length,
    uneven: cut ? "drop" : "pad",
    order(epoch, seed) {
      const shuffled = Rng.of(seed, epoch, "order").permutation(length);
      return Uint32Array.from({ length: Math.ceil(length * repeats) }, (_, i) => shuffled[Math.floor(i / repeats)]!);
    },
  };
}

export interface WeightedOptions {
  /** Draws in an epoch (as many as there are weights). */
  draws?: number;
  /** Whether a sample may come twice in an epoch (true). */
  replacement?: boolean;
}

/** Draws with chances in proportion to `weights`, one a sample: torch's WeightedRandomSampler. */
export function weightedSampler(weights: ArrayLike<number>, options: WeightedOptions = {}): Sampler {
  const { draws = weights.length, replacement = true } = options;
  if (!Number.isInteger(draws) || draws < 1) throw usage(`draws must be a positive integer, found ${draws}`);
  const sums = new Float64Array(weights.length);
  let total = 0;
  let possible = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw usage(`weights must be finite and 0 or more, found ${weight} for sample ${i}`);
    if (weight > 0) possible++;
    total += weight;
    sums[i] = total;
  }
  if (possible === 0) throw usage("weights must hold a number above 0, found none");
  if (!replacement && draws > possible)
    throw usage(`${draws} draws without replacement need as many weights above 0, found ${possible}`);
  const order = replacement
    ? (epoch: number, seed: number) => {
        const rng = Rng.of(seed, epoch, "weighted");
        return Uint32Array.from({ length: draws }, () => firstAbove(sums, fine(rng) * total));
      }
    : (epoch: number, seed: number) => withoutReplacement(weights, draws, Rng.of(seed, epoch, "weighted"));
  return { length: draws, order };
}

/**
 * As many draws of each class as of every other (give or take one), whatever the classes' sizes. No sample of a class
 * comes again before all of that class have come. Samples of unknown class (-1) are left out.
 * @param labels class of each sample.
 * @param draws draws in an epoch (as many as there are samples).
 */
export function balancedSampler(labels: ArrayLike<number>, draws: number = labels.length): Sampler {
  if (!Number.isInteger(draws) || draws < 1) throw usage(`draws must be a positive integer, found ${draws}`);
  const members = samplesByClass(labels);
  if (members.length === 0) throw usage("a balanced order needs labels, found none");
  return {
    length: draws,
    order(epoch, seed) {
      const rng = Rng.of(seed, epoch, "balanced");
      const most = Math.ceil(draws / members.length);
      // Rounds of one draw a class; the last may lack some, which are other classes each epoch.
      const rows = members.map((own, c) => cycles(own, most, rng.fold("class", c)));
      const last = rng.fold("last").permutation(members.length);
      const drawn = Uint32Array.from({ length: draws }, (_, i) => {
        const round = Math.floor(i / members.length);
        const c = i % members.length;
        return rows[round === most - 1 ? last[c]! : c]![round]!;
      });
      return rng
        .fold("order")
        .permutation(draws)
        .map((i) => drawn[i]!);
    },
  };
}

/** Positions by class, classes without samples left out. */
export function samplesByClass(labels: ArrayLike<number>): Uint32Array[] {
  const lists = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label < 0) continue;
    const list = lists.get(label);
    if (list) list.push(i);
    else lists.set(label, [i]);
  }
  return [...lists.entries()].sort((a, b) => a[0] - b[0]).map(([, list]) => Uint32Array.from(list));
}

/** `count` of the members: all of them in a random order, again and again. */
function cycles(members: Uint32Array, count: number, rng: Rng): Uint32Array {
  const out = new Uint32Array(count);
  for (let at = 0; at < count; at += members.length) {
    const order = rng.permutation(members.length);
    for (let i = 0; i < order.length && at + i < count; i++) out[at + i] = members[order[i]!]!;
  }
  return out;
}

/** Efraimidis and Spirakis 2006: the smallest of exponential times with the weights as rates. */
function withoutReplacement(weights: ArrayLike<number>, draws: number, rng: Rng): Uint32Array {
  const times = Float64Array.from({ length: weights.length }, (_, i) => -Math.log1p(-fine(rng)) / weights[i]!);
  // 0 / 0 is no time at all; a weight of 0 never comes.
  const order = Uint32Array.from({ length: weights.length }, (_, i) => i).filter((i) => weights[i]! > 0);
  return order.sort((a, b) => times[a]! - times[b]!).subarray(0, draws);
}

/** Uniform in [0, 1) with 53 random bits: 32 would leave out samples of a large set. */
function fine(rng: Rng): number {
  return ((rng.uint32() >>> 5) * 67108864 + (rng.uint32() >>> 6)) / 9007199254740992;
}

function firstAbove(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function usage(message: string): VitrineError {
  return new VitrineError("sampler", message, { usage: true });
}
