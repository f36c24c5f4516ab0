// Any data set as an image folder, TFRecord or WebDataset shards: `vitrine data convert`.

import { rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isVitrineError, Rng, VitrineError } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { formatClassMap } from "../datasets/class-map.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { assertNewFolder, kindOf } from "../datasets/find-images.ts";
import { assertSameClasses } from "../datasets/splits.ts";
import type { BadRecord, SampleStream } from "../datasets/stream.ts";
import { encodeImage } from "../image.ts";
import { describeUnknown, imageFormat } from "../image-format.ts";
import { isRawImage, type RawImage } from "../raw-image.ts";
import { classFolders, folderWriter, writeFolderNames } from "./folder-writer.ts";
import { shardWriter } from "./shard-writer.ts";
import type { OutputSample, SplitWriter, WrittenSplit } from "./writer.ts";

export const outputFormats = ["folder", "tfrecord", "webdataset"] as const;
export type OutputFormat = (typeof outputFormats)[number];

export interface ConvertOptions {
  to: OutputFormat;
  /** Of the order of the samples (42). */
  seed?: number;
  /** A random order, a function of the seed and the split (true). Streams are written in their own order. */
  shuffle?: boolean;
  /** Samples of each split at most: the first of that order. */
  limit?: number;
  /** Shards of each split, of equal numbers of samples. */
  shards?: number;
  /** Bytes of a shard at most, where `shards` is not given (268,435,456). */
  maxShardSize?: number;
  /** Gzipped shards (false): smaller only where images are stored plainly, and slower to read. */
  gzip?: boolean;
  /** Ends the work; nothing is left behind. */
  signal?: AbortSignal;
  /** Told of each sample that is left out. */
  onBad?: (bad: BadRecord) => void;
  onProgress?: (done: number, total: number | undefined) => void;
}

/** One split of the source; the name is empty where it has none. */
export interface ConvertSource {
  split: string;
  data: Dataset | SampleStream;
}

export interface ConvertReport {
  output: string;
  to: OutputFormat;
  classes: readonly string[];
  splits: WrittenSplit[];
  /** Samples that could not be used. */
  skipped: number;
}

/**
 * Writes data sets below `output`, which must be missing or empty; it appears whole when all is done, or not at all. Image files keep
 * their bytes; pixels become PNG files. The same source, seed and options give the same bytes.
 */
export async function convertData(
  sources: readonly ConvertSource[],
  output: string,
  options: ConvertOptions,
): Promise<ConvertReport> {
  const { to, shards, onProgress } = options;
  const [first] = sources;
  if (first === undefined) throw usage("expected one or more splits to convert, found none");
  for (const { data } of sources) assertSameClasses(first.data, data);
  const { classes } = first.data;
  if (classes.length === 0) throw usage(`${first.data.name} has no classes; name them with a class map`);
  if (to === "folder" && shards !== undefined) throw usage("an image folder has no shards");
  await assertNewFolder("convert", output);

  const target = resolve(output);
  const temporary = join(dirname(target), `.${basename(target)}-${process.pid}.tmp`);
  const sizes = sources.map(({ data }) => sizeOf(data, options.limit));
  const total = sizes.some((size) => size === undefined) ? undefined : sizes.reduce<number>((sum, n) => sum + n!, 0);
  const folders = classFolders(classes);
  const written: WrittenSplit[] = [];
  let skipped = 0;
  let done = 0;
  const left = (bad: BadRecord) => {
    skipped++;
    options.onBad?.(bad);
  };
  try {
    await makeFolder(temporary);
    for (const [i, { split, data }] of sources.entries()) {
      const writer = await makeWriter(temporary, split, folders, classes, sizes[i], options);
      const counts = classes.map(() => 0);
      let samples = 0;
      try {
        for await (const { source, label, content } of samplesOf(data, split, options, left)) {
          options.signal?.throwIfAborted();
          onProgress?.(done++, total);
          const sample = await asOutput(source, label, content).catch((error: unknown) => {
            if (!isVitrineError(error)) throw error;
            left({ shard: source, offset: 0, reason: error.message });
          });
          if (sample === undefined) continue;
          await writer.add(sample);
          counts[label]!++;
          samples++;
        }
        written.push({ split, samples, counts, ...(await writer.finish()) });
      } catch (error) {
        await writer.abandon();
        throw error;
      }
      if (samples === 0) throw new VitrineError("convert", `no sample of ${data.name} could be used (${skipped} bad)`);
    }
    onProgress?.(done, done);
    if (to === "folder") await writeFolderNames(temporary, classes, folders, written);
    else await writeLists(temporary, classes, written);
    // An empty folder that was there already makes room.
    if ((await kindOf(output)) === "folder") await rmdir(output);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return { output, to, classes, splits: written, skipped };
}

async function makeWriter(
  root: string,
  split: string,
  folders: readonly string[],
  classes: readonly string[],
  samples: number | undefined,
  { to, shards: count, maxShardSize: maxBytes = 2 ** 28, gzip = false }: ConvertOptions,
): Promise<SplitWriter> {
  if (to === "folder") return folderWriter(root, split, folders);
  if (!(maxBytes > 0)) throw usage(`the size of a shard must be above 0, found ${maxBytes}`);
  if (count === undefined) return shardWriter(root, split, { format: to, classes, gzip, maxBytes });
  if (samples === undefined)
    throw usage("a stream does not say how many samples it has; give the size of a shard instead");
  if (!Number.isInteger(count) || count < 1 || count > samples)
    throw usage(`expected 1 to ${samples} shards for ${samples} samples, found ${count}`);
  return shardWriter(root, split, { format: to, classes, gzip, maxBytes, shards: { count, samples } });
}

/** Names of the classes, and timm's list of shards. */
async function writeLists(root: string, classes: readonly string[], written: readonly WrittenSplit[]): Promise<void> {
  const { name, text } = formatClassMap(classes);
  await writeFileAtomic(join(root, name), text);
  const splits = Object.fromEntries(
    written.map(({ split, samples, files, lengths }) => [
      split || "data",
      { num_samples: samples, filenames: files, shard_lengths: lengths },
    ]),
  );
  await writeFileAtomic(join(root, "_info.json"), `${JSON.stringify({ splits }, undefined, 2)}\n`);
}

interface Sample {
  source: string;
  label: number;
  content: RawImage | Uint8Array;
}

function samplesOf(
  data: Dataset | SampleStream,
  split: string,
  options: ConvertOptions,
  onBad: (bad: BadRecord) => void,
): AsyncIterable<Sample> {
  const samples = "open" in data ? streamed(data, options.limit, onBad) : loaded(data, split, options, onBad);
  return withLabels(samples, onBad);
}

async function* withLabels(samples: AsyncIterable<Sample>, onBad: (bad: BadRecord) => void): AsyncGenerator<Sample> {
  for await (const sample of samples) {
    if (sample.label >= 0) yield sample;
    else onBad({ shard: sample.source, offset: 0, reason: "it has no label" });
  }
}

/** How many samples are on their way from the disk at once. */
const ahead = 8;

async function* loaded(
  data: Dataset,
  split: string,
  { seed = 42, shuffle = true, limit }: ConvertOptions,
  onBad: (bad: BadRecord) => void,
): AsyncGenerator<Sample> {
  for (const bad of data.skipped ?? []) onBad(bad);
  const order = shuffle ? Rng.of(seed, "convert", split).permutation(data.length) : undefined;
  const end = Math.min(data.length, limit ?? data.length);
  const load = async (k: number) => {
    const i = order === undefined ? k : order[k]!;
    try {
      return { source: data.path(i), label: data.label(i), content: await data.load(i) };
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code !== undefined;
      if (!isVitrineError(error) && !missing) throw error;
      onBad({ shard: data.path(i), offset: 0, reason: (error as Error).message });
      return undefined;
    }
  };
  const waiting: ReturnType<typeof load>[] = [];
  try {
    for (let k = 0; k < end; k++) {
      while (waiting.length < ahead && k + waiting.length < end) {
        const coming = load(k + waiting.length);
        // It is thrown when its turn comes.
        coming.catch(() => {});
        waiting.push(coming);
      }
      const sample = await waiting.shift()!;
      if (sample !== undefined) yield sample;
    }
  } finally {
    // What is still on its way must not fail unseen.
    await Promise.allSettled(waiting);
  }
}

async function* streamed(
  data: SampleStream,
  limit = Number.POSITIVE_INFINITY,
  onBad: (bad: BadRecord) => void,
): AsyncGenerator<Sample> {
  let given = 0;
  for (const [shard, name] of data.shards.entries()) {
    if (given >= limit) return;
    for await (const { key, label, content } of data.open(shard, { onBad })) {
      yield { source: `${name}#${key}`, label, content };
      if (++given >= limit) return;
    }
  }
}

/** @throws VitrineError for bytes that are no image. */
async function asOutput(source: string, label: number, content: RawImage | Uint8Array): Promise<OutputSample> {
  if (isRawImage(content)) return { source, label, bytes: await encodeImage(content, "png"), extension: "png" };
  const format = imageFormat(content);
  if (format === undefined) throw new VitrineError(source, describeUnknown(content));
  return { source, label, bytes: content, extension: format === "jpeg" ? "jpg" : format === "tiff" ? "tif" : format };
}

function sizeOf(data: Dataset | SampleStream, limit: number | undefined): number | undefined {
  return data.length === undefined ? undefined : Math.min(data.length, limit ?? data.length);
}

function usage(message: string): VitrineError {
  return new VitrineError("convert", message, { usage: true });
}
