// What lies at a path: told apart by looking, or said outright with a prefix (`tfrecord:DIR`).

import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { nearest, VitrineError } from "@vitrine/core";
import { imageExtensions } from "../image-format.ts";
import { findShards, isPattern } from "../shards/find-shards.ts";
import { tfrecordFormat } from "../shards/tfrecord-format.ts";
import { webdatasetFormat } from "../shards/webdataset-format.ts";
import { findCifar } from "./cifar.ts";
import { assertFolder, kindOf } from "./find-images.ts";
import { findMnist } from "./mnist.ts";
import { splitFolders, splitName } from "./splits.ts";

const emnist = [
  "emnist",
  "emnist-byclass",
  "emnist-bymerge",
  "emnist-balanced",
  "emnist-letters",
  "emnist-digits",
  "emnist-mnist",
] as const;
const folders = ["folder", "mnist", "fashion-mnist", "kmnist", "qmnist", ...emnist, "cifar10", "cifar100"] as const;
const shards = ["tfrecord", "webdataset", "parquet"] as const;
const lists = ["csv", "jsonl"] as const;

export type SourceFormat = (typeof folders)[number] | (typeof shards)[number] | (typeof lists)[number];
const formats: readonly SourceFormat[] = [...folders, ...shards, ...lists];
const others: Readonly<Record<string, SourceFormat>> = {
  wds: "webdataset",
  tar: "webdataset",
  manifest: "csv",
  imagefolder: "folder",
};

export interface Recognised {
  format: SourceFormat;
  /** A folder, a file, or a pattern of shards. */
  root: string;
}

const shardFiles = {
  tfrecord: tfrecordFormat().files,
  webdataset: webdatasetFormat().files,
  parquet: /\.parquet$/i,
} as const;
/** A folder's own list of its images. */
const manifestFiles = /^(manifest|metadata|labels|train|val|valid|validation|test)\.(csv|tsv|jsonl|ndjson)$/i;

/** @throws VitrineError for an unknown prefix, and where there is nothing. */
export async function recognise(source: string): Promise<Recognised> {
  // Two letters or more: "C:\images" is a path.
  const [, prefix, rest] = /^([A-Za-z][\w-]+):(.*)$/s.exec(source) ?? [];
  if (prefix !== undefined && rest !== undefined && (await kindOf(source)) === "missing") return prefixed(prefix, rest);
  const kind = await kindOf(source);
  if (kind === "file" || isPattern(source)) {
    const format = formatOfName(source);
    if (format !== undefined) return { format, root: source };
  }
  await assertFolder(source);
  if ((await findMnist(source)) !== undefined) return { format: "mnist", root: source };
  const cifar = await findCifar(source);
  if (cifar !== undefined) return { format: cifar.kind, root: source };
  const lists = await manifests(source);
  if (lists.some((file) => /^manifest\./i.test(basename(file)))) return { format: "csv", root: source };
  // Archives and tables often lie beside the class folders that they were made from or tell of.
  if (await holdsClassFolders(source)) return { format: "folder", root: source };
  if (lists.length > 0) return { format: "csv", root: source };
  const shard = await shardFormat(source);
  return { format: shard ?? "folder", root: source };
}

/** The lists of images in a folder, by name. */
export async function manifests(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => manifestFiles.test(name)).sort();
  return names.map((name) => join(folder, name));
}

/** The list that holds a split: a file of its name, or one list of everything. */
export async function manifestOf(root: string, split: string | undefined): Promise<string> {
  if ((await kindOf(root)) === "file") return root;
  const files = await manifests(root);
  if (files.length === 0)
    throw new VitrineError("data", `expected manifest.csv or manifest.jsonl in ${root}, found none`, { usage: true });
  const splitOf = (file: string) => splitName(basename(file, extname(file)));
  const whole = files.find((file) => splitOf(file) === undefined);
  if (whole !== undefined) return whole;
  const wanted = split === undefined ? undefined : splitName(split);
  const chosen =
    files.find((file) => splitOf(file) === wanted) ??
    (split === undefined && files.length === 1 ? files[0] : undefined);
  if (chosen !== undefined) return chosen;
  const there = files.map(splitOf).join(", ");
  throw new VitrineError(
    "data",
    `${root} holds lists of the splits ${there}; ${split === undefined ? "say which one" : `found no "${split}"`}`,
    { usage: true },
  );
}

async function prefixed(prefix: string, rest: string): Promise<Recognised> {
  const word = prefix.toLowerCase();
  const format = formats.find((name) => name === word) ?? others[word];
  if (format === undefined) {
    const guess = nearest(prefix, formats);
    const hint = guess === undefined ? "" : ` (did you mean "${guess}:${rest}"?)`;
    throw new VitrineError("data", `unknown format "${prefix}"${hint}; known are ${formats.join(", ")}`, {
      usage: true,
    });
  }
  if ((folders as readonly string[]).includes(format)) await assertFolder(rest);
  else if (!isPattern(rest) && (await kindOf(rest)) === "missing")
    throw new VitrineError("data", `expected a file or a folder at ${rest}, found nothing`, { usage: true });
  return { format, root: rest };
}

function formatOfName(path: string): SourceFormat | undefined {
  const name = basename(path);
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (/\.(jsonl|ndjson)$/i.test(name)) return "jsonl";
  return shards.find((format) => shardFiles[format].test(name.replace(/\{[^{}]*\}|[*?]+/g, "00000")));
}

/** True where a folder, or one of its splits, has folders that hold images. */
async function holdsClassFolders(root: string): Promise<boolean> {
  const splits = Object.values(await splitFolders(root));
  for (const folder of splits.length > 0 ? splits : [root]) {
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    let withImages = 0;
    for (const name of names) {
      if ((await kindOf(join(folder, name))) !== "folder") continue;
      const files = await readdir(join(folder, name)).catch(() => []);
      if (files.some((file) => imageExtensions.includes(extname(file).toLowerCase()))) withImages++;
      // One such folder may be where all images of a list lie.
      if (withImages === 2) return true;
    }
  }
  return false;
}

/** The kind of shards in the folder itself, in `data`, or in the folders of its splits. */
async function shardFormat(root: string): Promise<SourceFormat | undefined> {
  const split = Object.values(await splitFolders(root));
  for (const folder of [root, join(root, "data"), ...split]) {
    if ((await kindOf(folder)) !== "folder") continue;
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    for (const format of shards) {
      if (!names.some((name) => shardFiles[format].test(name))) continue;
      if ((await findShards(folder, shardFiles[format])).length > 0) return format;
    }
  }
  return undefined;
}
