// The files a user means: one file, a folder of shards, `shard-{000..012}.tar`, `data/*.tar`.

import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { kindOf } from "../datasets/find-images.ts";
import { sortNaturally } from "../datasets/natural-sort.ts";
import { type SplitName, splitName } from "../datasets/splits.ts";

/** Shards a pattern may stand for. */
const mostShards = 100_000;
/** How far below the named folder shards are looked for: `data/train/…`. */
const deepest = 2;

/** True where a path is a pattern rather than a name. */
export function isPattern(path: string): boolean {
  return /[*?]|\{[^{}]*(\.\.|,)[^{}]*\}/.test(path);
}

/** `a-{00..11}.tar` and `{train,val}.tar` written out; widths are those of the first number. */
export function expandBraces(pattern: string): string[] {
  const found = /\{([^{}]*)\}/.exec(pattern);
  if (found === null) return [pattern];
  const [whole, inside] = found as unknown as [string, string];
  const range = /^(\d+)\.\.(\d+)$/.exec(inside);
  let words: string[];
  if (range === null) words = inside.split(",");
  else {
    const [from, to] = [Number(range[1]), Number(range[2])];
    const count = Math.abs(to - from) + 1;
    if (count > mostShards)
      throw new VitrineError("data", `${whole} stands for ${count} files, more than ${mostShards}`, { usage: true });
    const step = to < from ? -1 : 1;
    words = Array.from({ length: count }, (_, i) => String(from + i * step).padStart(range[1]!.length, "0"));
  }
  const out: string[] = [];
  for (const word of words) {
    // Braces of a word itself are no pattern: only what stands behind is expanded further.
    const behind = expandBraces(pattern.slice(found.index + whole.length));
    for (const rest of behind) out.push(pattern.slice(0, found.index) + word + rest);
    if (out.length > mostShards)
      throw new VitrineError("data", `${pattern} stands for more than ${mostShards} files`, { usage: true });
  }
  return out;
}

/** The files of a path or pattern whose names fit, in natural order. Empty where there are none. */
export async function findShards(source: string, fits: RegExp): Promise<string[]> {
  const kind = await kindOf(source);
  if (kind === "file") return [source];
  if (kind === "folder") {
    const found = await below(source, fits, 0);
    return sortNaturally(found, (file) => file);
  }
  if (!isPattern(source)) return [];
  const out: string[] = [];
  for (const path of expandBraces(source)) {
    if (!/[*?]/.test(path)) {
      if ((await kindOf(path)) !== "file")
        throw new VitrineError("data", `expected a file at ${path}, found nothing`, { usage: true });
      out.push(path);
    } else out.push(...sortNaturally(await glob(path), (file) => file));
    if (out.length > mostShards)
      throw new VitrineError("data", `${source} stands for more than ${mostShards} files`, { usage: true });
  }
  return out;
}

/** Which split each file belongs to, by a word of its name (`train-00000-of-00002`) or of the folder that holds it. */
export function shardsBySplit(files: readonly string[], root: string): Map<SplitName, string[]> {
  const found = new Map<SplitName, string[]>();
  for (const file of files) {
    const words = basename(file).split(/[-_.\d]+/);
    const folder = dirname(file) === root ? [] : [basename(dirname(file))];
    const split = [...words, ...folder].map(splitName).find((name) => name !== undefined);
    if (split === undefined) continue;
    const others = found.get(split);
    if (others === undefined) found.set(split, [file]);
    else others.push(file);
  }
  return found;
}

/** The files of a split; all of them where no name tells of a split. @throws VitrineError where the split is none of those there are. */
export function chooseShards(files: readonly string[], root: string, split: string | undefined): string[] {
  const found = shardsBySplit(files, root);
  if (found.size === 0) return [...files];
  const there = [...found.keys()];
  if (split === undefined) {
    if (found.size === 1) return [...files];
    throw new VitrineError("data", `${root} holds the splits ${there.join(", ")}; say which one`, { usage: true });
  }
  const name = splitName(split);
  const chosen = name === undefined ? undefined : found.get(name);
  if (chosen !== undefined) return chosen;
  throw new VitrineError("data", `${root} has no shards of split "${split}"; it has ${there.join(", ")}`, {
    usage: true,
  });
}

async function below(folder: string, fits: RegExp, depth: number): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    // `kindOf` follows links; the depth ends loops of them.
    const kind = await kindOf(path);
    if (kind === "file" && fits.test(name)) found.push(path);
    else if (kind === "folder" && depth < deepest) found.push(...(await below(path, fits, depth + 1)));
  }
  return found;
}

/** `*` and `?` in the last parts of a path. */
async function glob(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const folders = /[*?]/.test(folder) ? await glob(folder) : [folder];
  const part = basename(pattern).replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const fits = new RegExp(`^${part.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
  const found: string[] = [];
  for (const parent of folders) {
    if ((await kindOf(parent)) !== "folder") continue;
    for (const name of await readdir(parent))
      if (!name.startsWith(".") && fits.test(name)) found.push(join(parent, name));
  }
  return found;
}
