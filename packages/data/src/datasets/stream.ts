// Data sets that are read from beginning to end: shards, or anything that gives one sample after the other.

import { VitrineError } from "@vitrine/core";
import { isRawImage, type RawImage } from "../raw-image.ts";

/** One labelled image on its way out of a stream. */
export interface StreamedSample {
  /** What the sample is called in its shard. */
  key: string;
  /** Class index; -1 where it is unknown. */
  label: number;
  /** The bytes of an image file, or decoded pixels. */
  content: RawImage | Uint8Array;
}

/** A record that could not be used, and where it lies. */
export interface BadRecord {
  shard: string;
  /** Byte in the shard (in the unpacked shard, where it is gzipped); a row's number where a shard has rows. */
  offset: number;
  /** Why, in words. */
  reason: string;
}

export interface OpenShardOptions {
  /** Usable samples to pass over (0). */
  skip?: number;
  /** Told of every bad record on the way, those among the skipped too. Bad records are left out. */
  onBad?: (bad: BadRecord) => void;
}

/** Labelled images in one or more shards, each read in its own order. */
export interface SampleStream {
  readonly name: string;
  /** Names of the classes, in the order of their indices. */
  readonly classes: readonly string[];
  /** Samples in all, where known. */
  readonly length?: number;
  /** What the shards are called, in their order: files, mostly. */
  readonly shards: readonly string[];
  /**
   * The samples of one shard in order, beginning behind the first `skip`. The shard's file is closed when the reader stops, early or
   * at the end. @throws VitrineError where the shard cannot be read at all.
   */
  open(shard: number, options?: OpenShardOptions): AsyncIterable<StreamedSample>;
}

export interface IterableStreamOptions {
  classes: readonly string[];
  /** ("stream") */
  name?: string;
  /** Samples in all, where known. */
  length?: number;
}

type Samples = AsyncIterable<StreamedSample> | Iterable<StreamedSample>;

/**
 * A stream of one shard from any iterable of samples, or from a function that gives one. With a function every epoch is read anew; an
 * iterable that is used up (a generator) serves one epoch.
 */
export function streamOf(samples: Samples | (() => Samples), options: IterableStreamOptions): SampleStream {
  const { classes, name = "stream", length } = options;
  return {
    name,
    classes,
    shards: [name],
    ...(length !== undefined && { length }),
    open: (_shard, { skip = 0, onBad } = {}) =>
      checked(typeof samples === "function" ? samples() : samples, { name, classes, skip, onBad }),
  };
}

async function* checked(
  samples: Samples,
  {
    name,
    classes,
    skip,
    onBad,
  }: { name: string; classes: readonly string[]; skip: number; onBad: OpenShardOptions["onBad"] },
): AsyncGenerator<StreamedSample> {
  let row = 0;
  let passed = 0;
  for await (const sample of samples) {
    const reason = refusal(sample, classes.length);
    if (reason !== undefined) onBad?.({ shard: name, offset: row, reason });
    else if (++passed > skip) yield sample;
    row++;
  }
}

/** Why a sample from outside cannot be used. @throws VitrineError for what is no sample at all: a mistake in the program. */
function refusal(sample: StreamedSample, classes: number): string | undefined {
  const content: unknown = sample?.content;
  if (typeof content !== "object" || content === null)
    throw new VitrineError("streamOf", `expected samples { key, label, content }, found ${typeof sample}`);
  if (isRawImage(sample.content)) {
    const { data, width, height, channels } = sample.content;
    if (data?.length !== width * height * channels || data.length === 0)
      return `expected ${height} x ${width} x ${channels} bytes of pixels, found ${data?.length ?? "none"}`;
  } else if (sample.content.length === 0) return "the image is empty";
  return labelRefusal(sample.label, classes);
}

/** Why a label is none of the classes, or undefined. -1 stands for "unknown". */
export function labelRefusal(label: number, classes: number): string | undefined {
  if (Number.isInteger(label) && label >= -1 && label < classes) return undefined;
  return `label ${label} is outside of the ${classes} classes (0 to ${classes - 1})`;
}
