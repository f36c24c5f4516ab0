// What a loader hands to a trainer. Bytes, not floats: normalisation runs inside the compiled step.

/** A batch of images of one size with their labels. */
export interface Batch {
  /** Pixels 0 to 255, NHWC: [size, height, width, channels]. Not backed by shared memory. */
  images: Uint8Array;
  /** How many images. The last batch of an epoch may hold fewer than the others. */
  size: number;
  height: number;
  width: number;
  channels: number;
  /** Class index of each image, [size]. */
  labels: Int32Array;
  /** Position of each sample in its data set, [size]: what randomness is keyed by, and what reports point to. */
  indices: Int32Array;
  /**
   * How often each sample came before in the same epoch, [size], where an order has samples several times (repeated
   * augmentation, drawing with replacement): the other part of what randomness is keyed by. Left out: not once.
   */
  repeats?: Uint32Array;
  /**
   * Images of each sample, where there are several (augmentation splits). The batch is then so many parts of one length
   * with the same samples in the same order, [splits, samples]: first all clean images, then all of the first augmented
   * ones, and so on. `size` counts images. Left out: one image a sample.
   */
  splits?: number;
}

/** Batches of one epoch, and how many there will be. */
export interface BatchSource {
  /** Names of the classes, in the order of their indices. */
  readonly classes: readonly string[];
  /** Samples in an epoch. */
  readonly length: number;
  /** Samples in a batch, but for a last one that is smaller. */
  readonly batchSize: number;
  /** Images of each sample, where there are several; see `Batch.splits`. */
  readonly splits?: number;
  /** Batches in an epoch. */
  readonly batches: number;
  /** Batches of `epoch`, from batch `start` on (resume in the middle of an epoch). Ends early when the loop breaks. */
  epoch(epoch: number, start?: number): AsyncIterable<Batch>;
  /** What a sample is called in reports, by its position in the data set: a path, or `file#row`. */
  nameOf?(index: number): string;
  /** Stops workers. */
  close(): Promise<void>;
}
