// What loaders of data sets and of streams have in common: how their batches are made.

import { availableParallelism } from "node:os";
import { VitrineError } from "@vitrine/core";
import { defaultMaxPixels } from "../image.ts";
import { checkRank, type RankOptions } from "../samplers/ranks.ts";
import { checkSplits, type Splits } from "../transforms/splits.ts";
import type { Transform } from "../transforms/transform.ts";
import type { Looks } from "./make-batch.ts";
import { mostSamples } from "./ring.ts";

export interface BatchingOptions extends RankOptions {
  /** Samples in a batch. */
  batchSize: number;
  /** From an image of any size to the size of the batch: `trainTransform(...)` or `evalTransform(...)`. */
  transform: Transform;
  /**
   * Several images of each sample (timm's `--aug-splits`): the clean one, which is what `transform` gives, and
   * `count - 1` others, which went through `secondary` too. It is decoded and cut once. A batch then holds
   * `count * batchSize` images, all clean ones first; see `Batch.splits`. With `const { primary, secondary } =
   * trainTransformParts(...)`: `{ transform: primary, splits: { count: 3, secondary } }`.
   */
  splits?: Splits;
  /** (0) */
  seed?: number;
  /** Leave out a last batch that is not full (false). */
  dropLast?: boolean;
  /**
   * Worker threads; 0 works on the calling thread. Default: none for data sets of decoded pixels, else one less than
   * there are cores, 1 to 4.
   */
  workers?: number;
  /** Batches made ahead (2). All workers make one batch together, the one that is needed first. */
  prefetch?: number;
  /**
   * How many batches later the memory of one is used again: only for loops that are done with a batch by then. Left
   * out, a batch stays as it is.
   */
  reuseAfter?: number;
  /** Share of samples (of a stream: of records) that may be bad before the loader refuses to go on (0.1). */
  maxBadFraction?: number;
  /** Largest image that is decoded, in pixels (178,956,970, as PIL). */
  maxPixels?: number;
}

const coresButOne = () => Math.max(1, Math.min(availableParallelism() - 1, 4));

/** The options with their defaults. @throws VitrineError for values that make no sense. */
export function settleBatching(options: BatchingOptions, defaultWorkers = coresButOne()) {
  const { batchSize, transform, seed = 0, dropLast = false, prefetch = 2, reuseAfter } = options;
  const { workers = defaultWorkers, maxBadFraction = 0.1, maxPixels = defaultMaxPixels } = options;
  const { rank = 0, worldSize = 1 } = options;
  for (const [name, value] of Object.entries({ batchSize, prefetch, reuseAfter: reuseAfter ?? 1 }))
    if (!Number.isInteger(value) || value < 1) throw usage(`${name} must be a positive integer, found ${value}`);
  if (batchSize > mostSamples) throw usage(`batchSize must be ${mostSamples} at most, found ${batchSize}`);
  if (!Number.isInteger(workers) || workers < 0)
    throw usage(`workers must be a whole number, 0 or more, found ${workers}`);
  if (!(maxBadFraction >= 0 && maxBadFraction <= 1))
    throw usage(`maxBadFraction must lie in [0, 1], found ${maxBadFraction}`);
  checkRank(options);
  if (options.splits !== undefined) checkSplits("loader", options.splits, transform);
  const looks: Looks = {
    transform,
    ...(options.splits === undefined ? {} : { splits: options.splits }),
  };
  const batching = { batchSize, looks, seed, dropLast, workers, prefetch, reuseAfter };
  return { ...batching, maxBadFraction, maxPixels, rank, worldSize };
}

/** A mistake in the options of a loader. */
export function usage(message: string): VitrineError {
  return new VitrineError("loader", message, { usage: true });
}
