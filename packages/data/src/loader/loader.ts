// Batches of a data set in a seeded order, made ahead of their use.

import { availableParallelism } from "node:os";
import { type Batch, Rng, VitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { defaultMaxPixels } from "../image.ts";
import type { MadeBatch, Recipe, Sample } from "./make-batch.ts";
import type { BadSample, Loader, LoaderOptions } from "./options.ts";
import { localMaker, type Maker, type Run, workerPool } from "./pool.ts";

/**
 * A loader. The bytes of a batch depend on the data set, the transform, `seed`, the epoch and the position of the batch, and on nothing
 * else: not on `workers` or `prefetch`, nor on what was read before.
 * Throws for options that make no sense; while iterating, for a share of unreadable samples above `maxBadFraction`.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batchSize, transform, seed = 0, shuffle = false, dropLast = false, prefetch = 2, onBad } = options;
  const { maxBadFraction = 0.1, maxPixels = defaultMaxPixels, corrupt = shuffle ? "replace" : "skip" } = options;
  const { workers = dataset.decoded ? 0 : Math.max(1, Math.min(availableParallelism() - 1, 4)) } = options;
  positive("batchSize", batchSize);
  positive("prefetch", prefetch);
  if (!Number.isInteger(workers) || workers < 0) throw usage(`workers must be 0 or more, found ${workers}`);
  if (!(maxBadFraction >= 0 && maxBadFraction <= 1))
    throw usage(`maxBadFraction must lie in [0, 1], found ${maxBadFraction}`);
  if (dataset.length === 0) throw new VitrineError("loader", `${dataset.name} holds no samples`);
  const { length } = dataset;
  const batches = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  if (batches === 0)
    throw usage(`dropLast leaves no batch: batchSize is ${batchSize}, ${dataset.name} has ${length} samples`);

  const recipe: Recipe = { transform, seed, maxPixels, corrupt, length };
  const bad = new Map<number, BadSample>();
  let maker: Maker | undefined;
  let closed = false;

  const sample = (index: number) => describe(dataset, index);
  const start = () => (workers === 0 ? localMaker(recipe, sample) : workerPool(recipe, sample, workers));
  // Pixels in memory are made into a batch when it is asked for: nothing runs while the calling thread is busy anyway.
  const depth = workers === 0 ? (dataset.decoded ? 1 : prefetch) : workers * prefetch;

  function note({ bad: found }: MadeBatch): void {
    for (const sample of found) {
      if (bad.has(sample.index)) continue;
      bad.set(sample.index, sample);
      onBad?.(sample);
    }
    if (bad.size > maxBadFraction * length) throw tooManyBad(dataset.name, [...bad.values()], length, maxBadFraction);
  }

  async function* batchesOf(epoch: number, from = 0): AsyncGenerator<Batch> {
    if (closed) throw new VitrineError("loader", "this loader was closed");
    maker ??= start();
    const order = shuffle ? Rng.of(seed, epoch, "order").permutation(length) : undefined;
    const run: Run = { epoch, stopped: false };
    const pending: Promise<MadeBatch>[] = [];
    let next = from;
    const refill = () => {
      for (; pending.length < depth && next < batches; next++) {
        const end = Math.min(length, (next + 1) * batchSize);
        const made = maker!.make(run, slice(order, next * batchSize, end));
        made.catch(() => {}); // Reported when its turn comes; until then it must not count as unhandled.
        pending.push(made);
      }
    };
    try {
      for (refill(); pending.length > 0; refill()) {
        const made = await pending.shift()!;
        note(made);
        if (depth > 1) refill();
        if (made.batch.size > 0) yield made.batch;
      }
    } finally {
      maker.stop(run);
    }
  }

  return {
    classes: dataset.classes,
    length,
    batchSize,
    batches,
    workers,
    get bad() {
      return [...bad.values()].sort((a, b) => a.index - b.index);
    },
    epoch: batchesOf,
    nameOf: (index) => dataset.path(index),
    async close() {
      closed = true;
      await maker?.close();
    },
  };
}

/** Positions `from` to `to` of an order; the order itself where none is given. */
function slice(order: Uint32Array | undefined, from: number, to: number): Uint32Array {
  return order?.subarray(from, to) ?? Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

/** What a worker needs to know of a sample, with its content where it cannot read that itself. */
function describe(dataset: Dataset, index: number): Sample | Promise<Sample> {
  const sample = { index, label: dataset.label(index), path: dataset.path(index) };
  if (dataset.files) return sample;
  const failed = (error: unknown) => ({
    ...sample,
    content: { failed: error instanceof Error ? error.message : String(error) },
  });
  try {
    const content = dataset.load(index);
    if (!(content instanceof Promise)) return { ...sample, content };
    return content.then((content) => ({ ...sample, content }), failed);
  } catch (error) {
    return failed(error);
  }
}

function tooManyBad(name: string, bad: readonly BadSample[], length: number, limit: number): VitrineError {
  const shown = bad.slice(0, 5).map(({ path, reason }) => `\n  ${path}: ${reason}`);
  const more = bad.length > 5 ? `\n  and ${bad.length - 5} more` : "";
  return new VitrineError(
    "loader",
    `${bad.length} of ${length} samples of ${name} cannot be read, which is more than maxBadFraction ${limit}:${shown.join("")}${more}`,
  );
}

function positive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw usage(`${name} must be a positive integer, found ${value}`);
}

function usage(message: string): VitrineError {
  return new VitrineError("loader", message, { usage: true });
}
