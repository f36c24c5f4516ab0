// A public data set from its servers to a folder that `openDataset` reads: `vitrine data download`.

import { readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { didYouMean, VitrineError } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { kindOf } from "../datasets/find-images.ts";
import { arrange } from "./arrange.ts";
import { catalogue, type KnownData } from "./catalogue.ts";
import { fetchFile } from "./fetch-file.ts";
import { isArchive, unpack } from "./unpack.ts";

export interface DownloadOptions {
  /** A new folder (the name of the data set). */
  folder?: string;
  /** An address or a folder that has the files, in a folder of the data set's name or loose (`VITRINE_DATA_MIRROR`). */
  mirror?: string;
  /** Keep the archives, in the hidden folder beside the data (false). */
  keep?: boolean;
  signal?: AbortSignal;
  /** Bytes of a file that is on its way. */
  onBytes?: (file: string, received: number, total: number | undefined) => void;
  /** Files unpacked so far. */
  onFiles?: (files: number) => void;
  /** Milliseconds before a second try (1000). */
  retryDelay?: number;
}

export interface DownloadReport {
  name: string;
  folder: string;
  /** What to give to `openDataset` and the commands. */
  source: string;
  /** False where all was there already. */
  downloaded: boolean;
  /** Links in archives, which were not made. */
  skipped: number;
}

const marker = ".vitrine-download.json";

/** Names of the data sets that can be had. */
export function knownDataSets(): { name: string; title: string; page: string; megabytes: number }[] {
  return Object.entries(catalogue).map(([name, { title, page, megabytes }]) => ({ name, title, page, megabytes }));
}

/**
 * Downloads a public data set by name. Broken off, it goes on where it stopped; files are checked against their published checksums;
 * the folder appears whole at the end. @throws VitrineError for an unknown name, a folder with something else in it, and what fails.
 */
export async function downloadData(name: string, options: DownloadOptions = {}): Promise<DownloadReport> {
  const known = Object.entries(catalogue).find(([key]) => key === name.toLowerCase())?.[1];
  if (known === undefined) {
    const names = Object.keys(catalogue);
    const message = `unknown data set "${name}"${didYouMean(name, names)}; known are ${names.join(", ")}`;
    throw new VitrineError("download", message, { usage: true });
  }
  return downloadFiles(name.toLowerCase(), known, options);
}

/** The same for a data set that is described by the caller. */
export async function downloadFiles(name: string, known: KnownData, options: DownloadOptions): Promise<DownloadReport> {
  const { folder = name } = options;
  const source = known.prefix === undefined ? folder : `${known.prefix}:${folder}`;
  if (await isThere(folder, name)) return { name, folder, source, downloaded: false, skipped: 0 };
  const target = resolve(folder);
  const work = join(dirname(target), `.${basename(target)}.download`);
  const made = join(work, "unpacked");
  await makeFolder(work);
  // What an earlier try unpacked may be half of it; the archives it fetched are good.
  await rm(made, { recursive: true, force: true });
  await makeFolder(made);
  try {
    return await fetchAll(name, known, { ...options, folder }, { work, made });
  } catch (error) {
    // Archives and parts of them stay for the next try; an empty folder serves nobody.
    await rm(made, { recursive: true, force: true });
    await rmdir(work).catch(() => {});
    throw error;
  }
}

async function fetchAll(
  name: string,
  known: KnownData,
  options: DownloadOptions & { folder: string },
  { work, made }: { work: string; made: string },
): Promise<DownloadReport> {
  const { folder, signal, onBytes, onFiles } = options;
  const source = known.prefix === undefined ? folder : `${known.prefix}:${folder}`;
  let skipped = 0;
  for (const file of known.files) {
    const path = join(work, file.name);
    await fetchFile({
      urls: addresses(name, file, options.mirror ?? process.env.VITRINE_DATA_MIRROR),
      path,
      md5: file.md5,
      ...(options.retryDelay !== undefined && { retryDelay: options.retryDelay }),
      ...(signal !== undefined && { signal }),
      onProgress: (received, total) => onBytes?.(file.name, received, total),
    });
  }
  for (const file of known.files) {
    const path = join(work, file.name);
    if (!isArchive(file.name)) {
      await writeFileAtomic(join(made, file.name), await readFile(path));
      continue;
    }
    const result = await unpack(path, made, {
      ...(signal !== undefined && { signal }),
      ...(onFiles !== undefined && { onProgress: onFiles }),
    });
    skipped += result.skipped;
  }
  if (known.arrange !== undefined) await arrange(known.arrange, made);
  const { title, page } = known;
  await writeFileAtomic(join(made, marker), `${JSON.stringify({ name, title, page }, undefined, 2)}\n`);
  if ((await kindOf(folder)) === "folder") await rmdir(folder);
  await rename(made, resolve(folder));
  if (options.keep !== true) await rm(work, { recursive: true, force: true });
  return { name, folder, source, downloaded: true, skipped };
}

/** The mirror's places where there is a mirror, else the data set's own. */
function addresses(name: string, file: KnownData["files"][number], mirror: string | undefined): string[] {
  if (mirror === undefined || mirror === "") return [...file.urls];
  const base = mirror.replace(/\/+$/, "");
  return [`${base}/${name}/${file.name}`, `${base}/${file.name}`];
}

/** True for a folder with this data set. @throws VitrineError for one with anything else in it. */
async function isThere(folder: string, name: string): Promise<boolean> {
  const kind = await kindOf(folder);
  if (kind === "missing") return false;
  const refuse = (found: string) =>
    new VitrineError("download", `expected a new folder at ${folder}, found ${found}; give another one`, {
      usage: true,
    });
  if (kind === "file") throw refuse("a file");
  const names = await readdir(folder);
  if (names.length === 0) return false;
  const found = await readFile(join(folder, marker), "utf8").catch(() => undefined);
  if (found === undefined) throw refuse(`${names.length} entries`);
  if (found.includes(`"name": ${JSON.stringify(name)}`)) return true;
  throw refuse("another data set");
}
