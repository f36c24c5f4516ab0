// What a loader can be asked for, and what it says about bad files.

import type { BatchSource } from "@vitrine/core";
import type { Sampler } from "../samplers/sampler.ts";
import type { BatchingOptions } from "./batching.ts";

/** A sample that could not be read. */
export interface BadSample {
  /** Position in the data set. */
  index: number;
  path: string;
  /** Why, in words. */
  reason: string;
}

export interface LoaderOptions extends BatchingOptions {
  /** A new order each epoch, a function of (seed, epoch) (false). */
  shuffle?: boolean;
  /** An order of another kind: `weightedSampler`, `balancedSampler`, `repeatedSampler`, or one's own. */
  sampler?: Sampler;
  /**
   * Keep decoded images for the next epochs, after the operations that are the same every time: in memory that workers
   * share, or in files. Where memory does not suffice, that is said and nothing is kept.
   */
  cache?: "ram" | "disk";
  /** Folder of the cache on disk (`vitrine/images` in the user's cache folder). Several processes may share it. */
  cacheDir?: string;
  /**
   * Bytes for the cache (half of the memory that is free; or what the folder holds and half of what is free on its
   * disk).
   */
  cacheLimit?: number;
  /** Called with sentences for the user, such as that a cache does not fit. */
  onNotice?: (message: string) => void;
  /**
   * What takes the place of a sample that cannot be read. `replace`: the next readable sample of the data set, so that
   * batches keep their size (default when shuffling). `skip`: nothing, the batch is smaller (default otherwise: no
   * sample counts twice); a batch that is left empty is not handed out.
   */
  corrupt?: "replace" | "skip";
  /** Called once for each bad sample. */
  onBad?: (bad: BadSample) => void;
}

/** Batches of a data set. */
export interface Loader extends BatchSource {
  /** Samples found unreadable so far, in the order of their indices. */
  readonly bad: readonly BadSample[];
  /** Worker threads in use. */
  readonly workers: number;
}
