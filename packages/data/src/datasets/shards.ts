// Data sets in shards (TFRecord, WebDataset): with random access through an index, or as a stream.

import { VitrineError } from "@vitrine/core";
import { openFile } from "../shards/byte-reader.ts";
import { chooseShards, findShards } from "../shards/find-shards.ts";
import { classesOfLabels, knownClasses, type LabelOptions, resolveLabel } from "../shards/labels.ts";
import type { ShardFormat } from "../shards/shard-format.ts";
import { labelAt, type ShardIndex, shardIndex } from "../shards/shard-index.ts";
import { type TfrecordKeys, tfrecordFormat } from "../shards/tfrecord-format.ts";
import { unpacked } from "../shards/unpacked.ts";
import { type WebdatasetKeys, webdatasetFormat } from "../shards/webdataset-format.ts";
import type { ClassMap } from "./class-map.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import type { BadRecord, OpenShardOptions, SampleStream, StreamedSample } from "./stream.ts";

export interface ShardOptions extends LabelOptions {
  /** `train`, `val` or `test`, where names of shards or folders tell (`train-00000-of-00010`). */
  split?: string;
  /** Where indexes and unpacked shards are kept (beside the shard; else `VITRINE_CACHE` or the system's cache folder). */
  cache?: string;
  /** Told of every record that cannot be used; the data set lists them too. */
  onBad?: (bad: BadRecord) => void;
  /** Shards that are indexed, of all. */
  onProgress?: (done: number, total: number) => void;
}

/** TFRecord files: one, a folder, a pattern (`train-*`, `s-{000..011}.tfrecord`), plain or gzipped. */
export function openTfrecord(source: string, options: ShardOptions & TfrecordKeys = {}): Promise<Dataset> {
  return openShards(tfrecordFormat(options), source, options);
}

/** WebDataset tar shards: one, a folder, a pattern (`shard-{000..011}.tar`), plain or gzipped. */
export function openWebdataset(source: string, options: ShardOptions & WebdatasetKeys = {}): Promise<Dataset> {
  return openShards(webdatasetFormat(options), source, options);
}

/** TFRecord files as a stream: nothing is indexed where the classes are known. */
export function streamTfrecord(source: string, options: ShardOptions & TfrecordKeys = {}): Promise<SampleStream> {
  return streamShards(tfrecordFormat(options), source, options);
}

/** WebDataset shards as a stream: nothing is indexed where the classes are known. */
export function streamWebdataset(source: string, options: ShardOptions & WebdatasetKeys = {}): Promise<SampleStream> {
  return streamShards(webdatasetFormat(options), source, options);
}

async function openShards(format: ShardFormat, source: string, options: ShardOptions): Promise<Dataset> {
  const files = await shardFiles(format, source, options.split);
  const plain: string[] = [];
  const indexes: ShardIndex[] = [];
  const skipped: BadRecord[] = [];
  for (const [i, file] of files.entries()) {
    const shard = await unpacked(file, options.cache);
    const index = await shardIndex(format, shard, options.cache);
    plain.push(shard);
    indexes.push(index);
    for (const bad of index.bad) skipped.push({ shard: file, ...bad });
    options.onProgress?.(i + 1, files.length);
  }
  const map = (await knownClasses(options, files[0]!)) ?? classesOfIndexes(source, indexes, options.firstLabel);

  const total = indexes.reduce((sum, { keys }) => sum + keys.length, 0);
  const labels = new Int32Array(total);
  const starts = new Float64Array(total);
  const lengths = new Float64Array(total);
  const shards = new Uint32Array(total);
  const keys: string[] = [];
  for (const [shard, index] of indexes.entries())
    for (let i = 0; i < index.keys.length; i++) {
      const label = resolveLabel(labelAt(index, i), map, options.firstLabel);
      if (typeof label === "object") {
        skipped.push({ shard: files[shard]!, offset: index.starts[i]!, reason: label.refused });
        continue;
      }
      const at = keys.push(index.keys[i]!) - 1;
      labels[at] = label;
      starts[at] = index.starts[i]!;
      lengths[at] = index.lengths[i]!;
      shards[at] = shard;
    }
  for (const bad of skipped) options.onBad?.(bad);
  if (keys.length === 0) throw nothingUsable(source, files.length, skipped);
  const place = (i: number) => ({ file: plain[shards[i]!]!, offset: starts[i]!, length: lengths[i]! });
  const path = (i: number) => `${files[shards[i]!]!}#${keys[i]!}`;
  return {
    name: source,
    classes: map.classes,
    length: keys.length,
    skipped,
    label: (i) => labels[i]!,
    path,
    place,
    async load(i) {
      const { file, offset, length } = place(i);
      const handle = await openFile(file);
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await handle.read(bytes, 0, length, offset);
        if (bytesRead === length) return bytes;
        throw new VitrineError(path(i), `expected ${length} bytes at ${offset}, found ${bytesRead}: the shard changed`);
      } finally {
        await handle.close();
      }
    },
  };
}

async function streamShards(format: ShardFormat, source: string, options: ShardOptions): Promise<SampleStream> {
  const files = await shardFiles(format, source, options.split);
  const known = await knownClasses(options, files[0]!);
  // Labels that are numbers say nothing of how many classes there are: without a list all shards must be seen once.
  const indexed = known === undefined ? await openShards(format, source, options) : undefined;
  const map: ClassMap = known ?? {
    classes: [...indexed!.classes],
    indexOf: new Map(indexed!.classes.map((name, i) => [name, i])),
  };
  return {
    name: source,
    classes: map.classes,
    shards: files,
    ...(indexed !== undefined && { length: indexed.length }),
    open: (shard, open = {}) => readShard(format, files[shard]!, map, options.firstLabel, open),
  };
}

async function* readShard(
  format: ShardFormat,
  file: string,
  map: ClassMap,
  firstLabel: number | undefined,
  { skip = 0, onBad }: OpenShardOptions,
): AsyncGenerator<StreamedSample> {
  const complain = (offset: number, reason: string) => onBad?.({ shard: file, offset, reason });
  let passed = 0;
  for await (const { key, label, offset, bytes } of format.samples(file, complain)) {
    const index = resolveLabel(label, map, firstLabel);
    if (typeof index === "object") complain(offset, index.refused);
    else if (++passed > skip) yield { key, label: index, content: bytes };
  }
}

async function shardFiles(format: ShardFormat, source: string, split: string | undefined): Promise<string[]> {
  const all = await findShards(source, format.files);
  if (all.length === 0)
    throw new VitrineError("data", `expected ${format.name} shards at ${source}, found none`, { usage: true });
  // A file or a pattern says already which shards are meant.
  if ((await kindOf(source)) !== "folder") return all;
  return chooseShards(all, source, split);
}

function classesOfIndexes(source: string, indexes: readonly ShardIndex[], firstLabel: number | undefined): ClassMap {
  function* labels() {
    for (const index of indexes) for (let i = 0; i < index.keys.length; i++) yield labelAt(index, i);
  }
  return classesOfLabels(source, labels(), firstLabel);
}

function nothingUsable(source: string, shards: number, skipped: readonly BadRecord[]): VitrineError {
  const [first] = skipped;
  const why =
    first === undefined
      ? "they hold no samples"
      : `${skipped.length} bad records, the first in ${first.shard} at byte ${first.offset}: ${first.reason}`;
  return new VitrineError("data", `found no usable image in the ${shards} shards of ${source}: ${why}`);
}
