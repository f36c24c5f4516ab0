// Parquet files of images, as Hugging Face writes them.

import { VitrineError } from "@vitrine/core";
import { openParquet, type ParquetFile } from "../parquet-file.ts";
import { chooseShards, findShards } from "../shards/find-shards.ts";
import { classesOfLabels, knownClasses, resolveLabel } from "../shards/labels.ts";
import { alternatives, labelOfText, type RawLabel, type SampleKeys } from "../shards/shard-format.ts";
import { type ClassMap, classMapOf } from "./class-map.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import type { ShardOptions } from "./shards.ts";
import type { BadRecord, SampleStream, StreamedSample } from "./stream.ts";

export interface ParquetOptions extends Omit<ShardOptions, "cache"> {
  /** Columns of images; the first that is there counts ("image;img;picture;jpg;png;bytes"). */
  imageKey?: SampleKeys["imageKey"];
  /** Columns of labels ("label;labels;class;target;cls;fine_label"). */
  labelKey?: SampleKeys["labelKey"];
  /** Bytes of unpacked row groups that are kept in memory (268,435,456). The one in use is kept whatever its size. */
  memory?: number;
}

const files = /\.parquet$/i;
const imageColumns = "image;img;picture;jpg;png;bytes";
const labelColumns = "label;labels;class;target;cls;fine_label";

interface Opened {
  files: ParquetFile[];
  image: string;
  label: string;
  /** The names that Hugging Face's metadata gives to the label column. */
  names: string[] | undefined;
}

/**
 * Images with random access. Row groups are read when a sample of theirs is wanted. A shuffled order over more data than `memory`
 * reads them again and again: convert such a set (`vitrine data convert`), or stream it.
 */
export async function openParquetImages(source: string, options: ParquetOptions = {}): Promise<Dataset> {
  const opened = await openAll(source, options);
  const raw: (RawLabel | undefined)[][] = [];
  for (const [i, file] of opened.files.entries()) {
    raw.push(await labelsOf(file, opened.label, 0, file.rows));
    options.onProgress?.(i + 1, opened.files.length);
  }
  const known = await classesOf(opened, options);
  const map =
    known ??
    classesOfLabels(
      source,
      raw.flat().filter((label) => label !== undefined),
      options.firstLabel,
    );

  const skipped: BadRecord[] = [];
  const labels: number[] = [];
  const rows: { file: number; row: number }[] = [];
  for (const [file, found] of raw.entries())
    for (const [row, label] of found.entries()) {
      const index = label === undefined ? noLabel : resolveLabel(label, map, options.firstLabel);
      if (typeof index === "object")
        skipped.push({ shard: opened.files[file]!.path, offset: row, reason: index.refused });
      else rows[labels.push(index) - 1] = { file, row };
    }
  for (const bad of skipped) options.onBad?.(bad);
  if (labels.length === 0)
    throw new VitrineError("data", `found no usable image in ${source}: ${skipped[0]?.reason ?? "it has no rows"}`);
  const groups = groupCache(options.memory ?? 2 ** 28);
  const path = (i: number) => `${opened.files[rows[i]!.file]!.path}#${rows[i]!.row}`;
  return {
    name: source,
    classes: map.classes,
    length: labels.length,
    skipped,
    label: (i) => labels[i]!,
    path,
    async load(i) {
      const { file, row } = rows[i]!;
      const bytes = await groups(opened.files[file]!, opened.image, row);
      if (bytes === undefined) throw new VitrineError(path(i), "the row has no image");
      return bytes;
    },
  };
}

/** The same as a stream: row groups one after the other, each read once. */
export async function streamParquet(source: string, options: ParquetOptions = {}): Promise<SampleStream> {
  const opened = await openAll(source, options);
  const map = (await classesOf(opened, options)) ?? classMapOf((await openParquetImages(source, options)).classes);
  return {
    name: source,
    classes: map.classes,
    shards: opened.files.map(({ path }) => path),
    open: (shard, { skip = 0, onBad } = {}) =>
      readRows(opened, opened.files[shard]!, map, options.firstLabel, skip, onBad),
  };
}

async function* readRows(
  { image, label }: Opened,
  file: ParquetFile,
  map: ClassMap,
  firstLabel: number | undefined,
  skip: number,
  onBad: ((bad: BadRecord) => void) | undefined,
): AsyncGenerator<StreamedSample> {
  let passed = 0;
  for (const { start, rows } of file.groups) {
    const labels = await labelsOf(file, label, start, start + rows);
    const images = await file.read(image, start, start + rows);
    for (const [i, found] of labels.entries()) {
      const row = start + i;
      const bytes = bytesOf(images[i]);
      const index = found === undefined ? noLabel : resolveLabel(found, map, firstLabel);
      // Copies: the row group itself must not stay in memory for one of its images.
      if (bytes === undefined) onBad?.({ shard: file.path, offset: row, reason: "the row has no image" });
      else if (typeof index === "object") onBad?.({ shard: file.path, offset: row, reason: index.refused });
      else if (++passed > skip) yield { key: String(row), label: index, content: bytes.slice() };
    }
  }
}

const noLabel = { refused: "the row has no label" };

async function openAll(source: string, options: ParquetOptions): Promise<Opened> {
  const all = await findShards(source, files);
  if (all.length === 0)
    throw new VitrineError("data", `expected parquet files at ${source}, found none`, { usage: true });
  const chosen = (await kindOf(source)) === "folder" ? chooseShards(all, source, options.split) : all;
  const opened: ParquetFile[] = [];
  for (const path of chosen) opened.push(await openParquet(path));
  const [first] = opened as [ParquetFile];
  const image = imageColumn(first, options.imageKey);
  const label = labelColumn(first, options.labelKey);
  for (const { path, columns } of opened)
    for (const wanted of [image, label])
      if (!columns.some(({ name }) => name === wanted))
        throw new VitrineError(path, `has no column "${wanted}", which ${first.path} has`);
  return { files: opened, image, label, names: huggingFaceNames(first, label) };
}

function imageColumn({ path, columns }: ParquetFile, keys = imageColumns): string {
  const images = columns.filter(({ holds }) => holds === "file" || holds === "bytes");
  const wanted = alternatives(keys);
  const named = wanted.map((key) => images.find(({ name }) => name === key)).find((column) => column !== undefined);
  // Without a usual name, the only column that can hold images is meant.
  const chosen = named ?? (keys === imageColumns && images.length === 1 ? images[0] : undefined);
  if (chosen !== undefined) return chosen.name;
  throw new VitrineError(
    path,
    `expected a column of images (binary, or a struct with binary "bytes") called ${wanted.join(" or ")}; found ${listed(columns)}`,
    { usage: true },
  );
}

function labelColumn({ path, columns }: ParquetFile, keys = labelColumns): string {
  const wanted = alternatives(keys);
  const found = wanted.find((key) => columns.some(({ name, holds }) => name === key && holds === "value"));
  if (found !== undefined) return found;
  throw new VitrineError(path, `expected a column of labels called ${wanted.join(" or ")}; found ${listed(columns)}`, {
    usage: true,
  });
}

function listed(columns: ParquetFile["columns"]): string {
  return columns.map(({ name, holds }) => `${name} (${holds})`).join(", ") || "no columns";
}

async function labelsOf(
  file: ParquetFile,
  column: string,
  from: number,
  to: number,
): Promise<(RawLabel | undefined)[]> {
  if (from === to) return [];
  return (await file.read(column, from, to)).map((value) => {
    if (typeof value === "string") return labelOfText(value);
    if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean")
      return { index: Number(value) };
    return undefined;
  });
}

async function classesOf({ files, names }: Opened, options: ParquetOptions): Promise<ClassMap | undefined> {
  // What the user says comes first, then the file itself, then a list beside it.
  if (options.classes === undefined && options.classMap === undefined && names !== undefined) return classMapOf(names);
  return knownClasses(options, files[0]!.path);
}

/** `{"info": {"features": {"label": {"names": [...]}}}}` under the key "huggingface". */
function huggingFaceNames({ metadata }: ParquetFile, label: string): string[] | undefined {
  try {
    const { info } = JSON.parse(metadata.get("huggingface") ?? "{}") as {
      info?: { features?: Record<string, { names?: unknown }> };
    };
    const names = info?.features?.[label]?.names;
    return Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string")
      ? names
      : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null | undefined)?.bytes;
  return bytes instanceof Uint8Array && bytes.length > 0 ? bytes : undefined;
}

/** Images of the row groups that were used last. */
function groupCache(
  memory: number,
): (file: ParquetFile, column: string, row: number) => Promise<Uint8Array | undefined> {
  const kept = new Map<string, { bytes: number; values: Promise<unknown[]> }>();
  let used = 0;
  return async (file, column, row) => {
    const group = file.groups.find(({ start, rows }) => row >= start && row < start + rows)!;
    const key = `${group.start} ${file.path}`;
    let entry = kept.get(key);
    if (entry === undefined) {
      entry = { bytes: group.bytes, values: file.read(column, group.start, group.start + group.rows) };
      used += entry.bytes;
    } else kept.delete(key);
    // The last in the map is the last that was used.
    kept.set(key, entry);
    for (const [other, { bytes }] of kept) {
      if (used <= memory || other === key) break;
      kept.delete(other);
      used -= bytes;
    }
    try {
      return bytesOf((await entry.values)[row - group.start])?.slice();
    } catch (error) {
      if (kept.get(key) === entry) {
        kept.delete(key);
        used -= entry.bytes;
      }
      throw error;
    }
  };
}
