// Batches of a data set in a seeded order, made ahead of their use.

import { type Batch, VitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { type Share, shareLength, shareOf } from "../samplers/ranks.ts";
import { orderedSampler, shuffledSampler } from "../samplers/sampler.ts";
import { settleBatching, usage } from "./batching.ts";
import { handOver } from "./hand-over.ts";
import type { Recipe } from "./make-batch.ts";
import { collect, type Draws, localMaker, type MadeBatch, type Maker, type Run } from "./maker.ts";
import type { BadSample, Loader, LoaderOptions } from "./options.ts";
import { workerPool } from "./pool.ts";
import { closeFiles, describeSample } from "./sample.ts";
import { type OpenedCache, setUpCache } from "./set-up-cache.ts";

/**
 * A loader. The bytes of a batch depend on the data set, the transform, the sampler, `seed`, the epoch and the position
 * of the batch, and on nothing else: not on `workers`, `prefetch` or `cache`, nor on what was read before. With `rank`
 * and `worldSize`, the batches of all ranks together hold what one rank's batch of their joint size would hold. Throws
 * for options that make no sense; while iterating, for a share of unreadable samples above `maxBadFraction`.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const settled = settleBatching(options, dataset.decoded ? 0 : undefined);
  const { batchSize, looks, seed, dropLast, workers, prefetch, reuseAfter, ...others } = settled;
  const { maxBadFraction, maxPixels, rank, worldSize } = others;
  const { shuffle = false, onBad } = options;
  if (shuffle && options.sampler !== undefined)
    throw usage("shuffle and sampler both give an order; leave one of them out");
  if (dataset.length === 0) throw new VitrineError("loader", `${dataset.name} holds no samples`);

  const sampler = options.sampler ?? (shuffle ? shuffledSampler : orderedSampler)(dataset.length);
  const random = shuffle || options.sampler !== undefined;
  const { corrupt = random ? "replace" : "skip" } = options;
  // Without a random order this is evaluation, where nothing may count twice.
  const { uneven = sampler.uneven ?? (random ? "pad" : "leave") } = options;
  const share = { rank, worldSize, uneven };
  const length = shareLength(sampler.length, share);
  const batches = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  if (batches === 0 && (dropLast || uneven !== "leave"))
    throw usage(`dropLast leaves no batch: batchSize is ${batchSize}, ${dataset.name} has ${length} samples`);

  const bad = new Map<number, BadSample>();
  let maker: Promise<Maker> | undefined;
  let closed = false;
  let cache: OpenedCache | undefined;
  // Pixels in memory are made into a batch when it is asked for: nothing runs while the calling thread is busy anyway.
  const depth = workers === 0 && dataset.decoded ? 1 : prefetch;
  const sample = (index: number) => describeSample(dataset, index);
  const take = handOver(looks, reuseAfter);

  async function start(): Promise<Maker> {
    const recipe: Recipe = { ...looks, seed, maxPixels, corrupt, length: dataset.length };
    cache = await setUpCache(dataset, recipe, options);
    if (cache !== undefined) recipe.cache = cache.share;
    if (workers === 0) return localMaker(recipe, sample);
    const shape = { threads: workers, slots: prefetch, batchSize: Math.min(batchSize, Math.max(1, length)) };
    return workerPool(recipe, sample, { ...shape, pathOf: (index) => dataset.path(index) });
  }

  function note({ bad: found }: MadeBatch): void {
    for (const sample of found.sort((a, b) => a.index - b.index)) {
      if (bad.has(sample.index)) continue;
      bad.set(sample.index, sample);
      onBad?.(sample);
    }
    if (bad.size > maxBadFraction * dataset.length)
      throw tooManyBad(dataset.name, [...bad.values()], dataset.length, maxBadFraction);
  }

  async function* batchesOf(epoch: number, from = 0): AsyncGenerator<Batch> {
    if (closed) throw new VitrineError("loader", "this loader was closed");
    maker ??= start();
    const making = await maker;
    if (closed) throw new VitrineError("loader", "this loader was closed");
    const draws = shareOf(sampler, dataset.length, epoch, seed, share);
    const run: Run = { epoch, stopped: false };
    const pending: { made: Promise<MadeBatch>; wanted: Draws }[] = [];
    let next = from;
    const refill = () => {
      for (; pending.length < depth && next < batches; next++) {
        const wanted = part(draws, next * batchSize, Math.min(length, (next + 1) * batchSize));
        const made = making.make(run, collect(wanted, sample));
        made.catch(() => {}); // Reported when its turn comes; until then it must not count as unhandled.
        pending.push({ made, wanted });
      }
    };
    try {
      for (refill(); pending.length > 0; refill()) {
        const first = pending.shift()!;
        const made = await first.made;
        note(made);
        const batch = withRepeats(take(made), first.wanted);
        if (depth > 1 || workers > 0) refill();
        if (batch.size > 0) yield batch;
      }
      cache?.epochDone();
    } finally {
      making.stop(run);
    }
  }

  return {
    classes: dataset.classes,
    length,
    batchSize,
    batches,
    ...(looks.splits && { splits: looks.splits.count }),
    workers,
    get bad() {
      return [...bad.values()].sort((a, b) => a.index - b.index);
    },
    epoch: batchesOf,
    nameOf: (index) => dataset.path(index),
    async close() {
      closed = true;
      // Where the cache could not be set up, whoever asked for a batch heard of it.
      await (await maker?.catch(() => undefined))?.close();
      await closeFiles();
    },
  };
}

function part({ indices, repeats }: Share, from: number, to: number): Draws {
  const own = { indices: indices.subarray(from, to) };
  return repeats === undefined ? own : { ...own, repeats: repeats.subarray(from, to) };
}

/** The batch with what its samples' randomness is keyed by besides their indices. */
function withRepeats(batch: Batch, { indices, repeats }: Draws): Batch {
  if (repeats === undefined) return batch;
  const samples = batch.size / (batch.splits ?? 1);
  // Samples that could not be read were left out; the others are in their order.
  let at = 0;
  const next = (index: number) => {
    while (at < indices.length && indices[at] !== index) at++;
    return repeats[at++] ?? 0;
  };
  const kept = samples === indices.length ? repeats : Uint32Array.from(batch.indices.subarray(0, samples), next);
  return { ...batch, repeats: Uint32Array.from({ length: batch.size }, (_, i) => kept[i % samples]!) };
}

function tooManyBad(name: string, bad: readonly BadSample[], length: number, limit: number): VitrineError {
  const shown = bad.slice(0, 5).map(({ path, reason }) => `\n  ${path}: ${reason}`);
  const more = bad.length > 5 ? `\n  and ${bad.length - 5} more` : "";
  return new VitrineError(
    "loader",
    `${bad.length} of ${length} samples of ${name} cannot be read, which is more than maxBadFraction ${limit}:${shown.join("")}${more}`,
  );
}
