// Batches of a stream. Records are read on the calling thread, which is a small part of the work; workers decode and
// transform them.

import { type Batch, type BatchSource, VitrineError } from "@vitrine/core";
import type { BadRecord, SampleStream } from "../datasets/stream.ts";
import { shareLength } from "../samplers/ranks.ts";
import { type BatchingOptions, settleBatching, usage } from "./batching.ts";
import { handOver } from "./hand-over.ts";
import type { Recipe } from "./make-batch.ts";
import { localMaker, type MadeBatch, type Maker, type Run } from "./maker.ts";
import type { BadSample } from "./options.ts";
import { workerPool } from "./pool.ts";
import { readStream } from "./read-stream.ts";
import type { Sample } from "./sample.ts";

export interface StreamLoaderOptions extends BatchingOptions {
  /** Shards in a new order each epoch, and samples through a shuffle buffer of so many (0: the stream's own order). */
  shuffle?: number;
  /**
   * How ranks share the stream. `samples` (default): all read everything and each takes every `worldSize`-th sample, so
   * that together they make the batches that one rank would make. `shards`: each reads shards of its own, and has as
   * many samples as they hold.
   */
  split?: "samples" | "shards";
  /** Samples in an epoch over all ranks, where the stream does not know. */
  length?: number;
  /**
   * Called once for each bad record, and for each image that cannot be decoded (its offset is then its number in the
   * epoch).
   */
  onBad?: (bad: BadRecord) => void;
}

export interface StreamLoader extends BatchSource {
  /** Records that could not be used so far, each once; the first thousand. */
  readonly bad: readonly BadRecord[];
  /** How many there were. */
  readonly badCount: number;
  readonly workers: number;
}

/** How many bad records are put up with before their share is looked at. */
const grace = 20;
const mostRemembered = 1000;

/**
 * A loader of a stream. An epoch holds every usable sample once; the bytes of a batch depend on the stream, the
 * transform, `seed`, `shuffle`, the epoch and the position of the batch alone, not on `workers` or `prefetch`.
 * `epoch(n, start)` reads the records before batch `start` again, without decoding them, and goes on with the same
 * batch as an uninterrupted run. `length` and `batches` are those of this rank, infinite where nobody knows the
 * stream's length; where ranks split by shards, an estimate.
 */
export function createStreamLoader(stream: SampleStream, options: StreamLoaderOptions): StreamLoader {
  const { batchSize, looks, seed, dropLast, workers, prefetch, reuseAfter, ...others } = settleBatching(options);
  const { maxBadFraction, maxPixels, rank, worldSize } = others;
  const { shuffle = 0, split = "samples", uneven = shuffle > 0 ? "pad" : "leave", onBad } = options;
  if (!Number.isInteger(shuffle) || shuffle < 0)
    throw usage(`shuffle must be a whole number, 0 or more, found ${shuffle}`);
  if (split === "shards" && worldSize > stream.shards.length)
    throw usage(
      `${worldSize} ranks cannot split ${stream.shards.length} shards of ${stream.name}; use split: "samples"`,
    );

  const all = options.length ?? stream.length ?? Number.POSITIVE_INFINITY;
  const length = shareLength(all, { rank, worldSize, uneven });
  const batches = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  const bad = new Map<string, BadRecord>();
  const names = new Map<number, string>();
  let badCount = 0;
  let read = 0;
  let maker: Maker | undefined;
  let closed = false;
  const take = handOver(looks, reuseAfter);

  function start(): Maker {
    const recipe: Recipe = {
      ...looks,
      seed,
      maxPixels,
      corrupt: "skip",
      length: Number.POSITIVE_INFINITY,
    };
    const never = (index: number): Sample => ({ index, label: -1, path: "", content: { failed: "not there" } });
    if (workers === 0) return localMaker(recipe, never);
    const pathOf = (index: number) => names.get(index) ?? `sample ${index}`;
    return workerPool(recipe, never, { threads: workers, slots: prefetch, batchSize, pathOf });
  }

  function note(record: BadRecord): void {
    const name = `${record.shard}@${record.offset}`;
    if (bad.has(name)) return;
    badCount++;
    if (bad.size < mostRemembered) bad.set(name, record);
    onBad?.(record);
  }

  function check(atEnd: boolean): void {
    const seen = Math.max(read, Number.isFinite(all) ? all : 0);
    if ((!atEnd && badCount < grace) || badCount <= maxBadFraction * (seen + badCount)) return;
    const shown = [...bad.values()]
      .slice(0, 5)
      .map(({ shard, offset, reason }) => `\n  ${shard} at ${offset}: ${reason}`);
    throw new VitrineError(
      "loader",
      `${badCount} records of ${stream.name} are bad, which is more than maxBadFraction ${maxBadFraction}:${shown.join("")}`,
    );
  }

  function remember(samples: readonly Sample[]): void {
    for (const { index, path } of samples) names.set(index, path);
    // What reports ask for is of the batches in hand.
    for (const index of names.keys()) {
      if (names.size <= 4 * (prefetch + 2) * batchSize) break;
      names.delete(index);
    }
  }

  async function* batchesOf(epoch: number, from = 0): AsyncGenerator<Batch> {
    if (closed) throw new VitrineError("loader", "this loader was closed");
    maker ??= start();
    const making = maker;
    const run: Run = { epoch, stopped: false };
    const samples = readStream(stream, { epoch, seed, buffer: shuffle, rank, worldSize, split, uneven, onBad: note });
    const pending: Promise<MadeBatch | undefined>[] = [];
    let last: Promise<readonly Sample[]> = Promise.resolve([]);
    let ended = false;
    read = 0;

    /** The samples of the next batch; none at the end. Records that are skipped are read and let go. */
    async function group(skip: number): Promise<readonly Sample[]> {
      const found: Sample[] = [];
      for (let passed = 0; found.length < batchSize && !run.stopped && !ended; ) {
        const next = await samples.next();
        if (next.done) ended = true;
        else if (passed++ >= skip) found.push(next.value);
        if (!next.done) read++;
      }
      check(ended);
      if (ended && dropLast && found.length < batchSize) return [];
      remember(found);
      return found;
    }
    let skip = from * batchSize;
    const refill = () => {
      while (pending.length < prefetch && !ended) {
        const passing = skip;
        skip = 0;
        last = last.then(() => group(passing));
        const made = last.then((found) => (found.length === 0 ? undefined : making.make(run, found)));
        made.catch(() => {});
        pending.push(made);
      }
    };
    try {
      for (refill(); pending.length > 0; refill()) {
        const made = await pending.shift()!;
        if (made === undefined) continue;
        for (const sample of made.bad) note(recordOf(sample));
        check(false);
        const batch = take(made);
        refill();
        if (batch.size > 0) yield batch;
      }
      check(true);
    } finally {
      making.stop(run);
      await last.catch(() => {});
      await samples.return(undefined);
    }
  }

  return {
    classes: stream.classes,
    length,
    batchSize,
    batches,
    ...(looks.splits && { splits: looks.splits.count }),
    workers,
    get bad() {
      return [...bad.values()];
    },
    get badCount() {
      return badCount;
    },
    epoch: batchesOf,
    nameOf: (index) => names.get(index) ?? `sample ${index}`,
    async close() {
      closed = true;
      await maker?.close();
    },
  };
}

/** An image that could be read but not decoded. */
function recordOf({ index, path, reason }: BadSample): BadRecord {
  return { shard: path, offset: index, reason };
}
