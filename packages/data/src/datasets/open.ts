// From what a user types to a data set.

import { VitrineError } from "@vitrine/core";
import { findShards, shardsBySplit } from "../shards/find-shards.ts";
import { tfrecordFormat } from "../shards/tfrecord-format.ts";
import { webdatasetFormat } from "../shards/webdataset-format.ts";
import { openCifar } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import { openFolder } from "./folder.ts";
import { manifestSplits, openManifest } from "./manifest.ts";
import { openMnist } from "./mnist.ts";
import { openParquetImages, streamParquet } from "./parquet.ts";
import { manifestOf, manifests, type Recognised, recognise, type SourceFormat } from "./recognise.ts";
import { openTfrecord, openWebdataset, streamTfrecord, streamWebdataset } from "./shards.ts";
import { folderOfSplit, type SplitName, splitFolders, splitName } from "./splits.ts";
import { type BadRecord, type SampleStream, streamOf } from "./stream.ts";

export interface OpenOptions {
  /** `train`, `val`, `test` in any usual spelling, or the name of a folder. */
  split?: string;
  /** Names of the classes in the order of their indices, for example those of a trained model. */
  classes?: readonly string[];
  /** A file with the names of the classes: see `readClassMap`. */
  classMap?: string;
  /** Endings of image files, for image folders. */
  extensions?: readonly string[];
  /** See `FolderOptions`. */
  classFrom?: "leaf" | "top";
  /** Keys, columns or endings of images and labels in shards and lists; several with ";" between. */
  imageKey?: string;
  labelKey?: string;
  /** The index of the first class in shards and lists (0; ImageNet's TFRecord files begin at 1). */
  firstLabel?: number;
  /** Where indexes of shards and unpacked shards are kept (beside the shards). */
  cache?: string;
  /** Told of every record that cannot be used; `Dataset.skipped` lists them too. */
  onBad?: (bad: BadRecord) => void;
  /** Shards that are read for their index, of all. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * The data set at a path: an image folder, IDX files, CIFAR's binary or Python files, TFRecord or WebDataset shards,
 * parquet files, or a list (CSV, JSONL), told apart by looking. A prefix says it outright: `tfrecord:PATH`,
 * `webdataset:`, `parquet:`, `csv:`, `jsonl:`, `folder:`, `mnist:`, `fashion-mnist:`, `kmnist:`, `emnist-letters:`,
 * `qmnist:`, `cifar10:`, `cifar100:`.
 */
export async function openDataset(source: string, options: OpenOptions = {}): Promise<Dataset> {
  const { format, root } = await recognise(source);
  switch (format) {
    case "cifar10":
    case "cifar100":
      return openCifar(format, root, options);
    case "tfrecord":
      return openTfrecord(root, options);
    case "webdataset":
      return openWebdataset(root, options);
    case "parquet":
      return openParquetImages(root, options);
    case "csv":
    case "jsonl":
      return openManifest(await manifestOf(root, options.split), options);
    case "folder":
      return openFolder(await folderOfSplit(root, options.split), options);
    case "mnist":
      return openMnist(root, options);
    case "fashion-mnist":
      return openMnist(root, { ...options, fashion: true });
    case "kmnist":
    case "emnist":
      return openMnist(root, options);
    default:
      return openMnist(root, { ...options, variant: format });
  }
}

/** The same as a stream: shards are read from beginning to end, without an index. Other formats are read in their order. */
export async function openStream(source: string, options: OpenOptions = {}): Promise<SampleStream> {
  const { format, root } = await recognise(source);
  if (format === "tfrecord") return streamTfrecord(root, options);
  if (format === "webdataset") return streamWebdataset(root, options);
  if (format === "parquet") return streamParquet(root, options);
  return streamDataset(await openDataset(source, options));
}

/** A data set with random access as a stream of one shard. */
export function streamDataset(dataset: Dataset): SampleStream {
  const { name, classes, length } = dataset;
  return streamOf(
    async function* () {
      for (let i = 0; i < length; i++)
        yield { key: dataset.path(i), label: dataset.label(i), content: await dataset.load(i) };
    },
    { name, classes, length },
  );
}

/** What lies at a path, as `openDataset` would take it. */
export async function sourceFormat(source: string): Promise<SourceFormat> {
  return (await recognise(source)).format;
}

/** The splits there are: `["train", "val"]`; none where the source is one set. */
export async function listSplits(source: string): Promise<SplitName[]> {
  const found = await recognise(source);
  const there = new Set(await splitsOf(found));
  return (["train", "val", "test"] as const).filter((name) => there.has(name));
}

async function splitsOf({ format, root }: Recognised): Promise<readonly (SplitName | undefined)[]> {
  switch (format) {
    case "folder":
      return Object.keys(await splitFolders(root)) as SplitName[];
    case "tfrecord":
      return shardSplits(root, tfrecordFormat().files);
    case "webdataset":
      return shardSplits(root, webdatasetFormat().files);
    case "parquet":
      return shardSplits(root, /\.parquet$/i);
    case "csv":
    case "jsonl":
      return listedSplits(root);
    default:
      return ["train", "test"];
  }
}

async function shardSplits(root: string, files: RegExp): Promise<readonly SplitName[]> {
  if ((await kindOf(root)) !== "folder") return [];
  return [...shardsBySplit(await findShards(root, files), root).keys()];
}

async function listedSplits(root: string): Promise<readonly (SplitName | undefined)[]> {
  if ((await kindOf(root)) === "file") return (await manifestSplits(root)).map(splitName);
  const files = await manifests(root);
  if (files.length === 0) throw new VitrineError("data", `expected a list of images in ${root}, found none`);
  const named = files.map((file) => splitName(file.replace(/^.*[/\\]|\.[^.]*$/g, "")));
  return named.includes(undefined) ? (await manifestSplits(await manifestOf(root, undefined))).map(splitName) : named;
}
