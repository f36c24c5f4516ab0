// One folder a class becomes train/ and val/ (or more), or folds with a train/ and a val/ each, all with the same
// classes: `vitrine data split`. A part that has no image of a class has no folder of it either, since other readers
// refuse empty ones; `class-folders.json` then names all classes.

import { copyFile, link, rename, rm, rmdir, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { didYouMean, Rng, VitrineError } from "@vitrine/core";
import { makeFolder } from "@vitrine/core/node";
import { classFolders, writeFolderNames } from "./convert/folder-writer.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { assertNewFolder, kindOf } from "./datasets/find-images.ts";
import { openFolder, some } from "./datasets/folder.ts";
import { splitFolders } from "./datasets/splits.ts";
import { stratifiedFolds } from "./samplers/subset.ts";

const modes = ["copy", "link", "symlink"] as const;
const mostNotices = 10;

/** How files are put into their places. */
export interface PlaceOptions {
  /** (42) */
  seed?: number;
  /** `copy` (default), `link` (hard links: no space, one disk), or `symlink`. */
  mode?: (typeof modes)[number];
  /** Endings of image files. */
  extensions?: readonly string[];
  /** See `FolderOptions`. */
  classFrom?: "leaf" | "top";
  onProgress?: (done: number, total: number) => void;
  /** Called with sentences for the user: classes with too few images to be in every part. */
  onNotice?: (message: string) => void;
}

export interface SplitOptions extends PlaceOptions {
  /** Share of each split, by the name of its folder; they sum to 1 ({ train: 0.7, val: 0.3 }). 0: no such split. */
  ratios?: Readonly<Record<string, number>>;
}

export interface SplitReport {
  output: string;
  classes: readonly string[];
  /** Images by split and class index: `counts.train[0]`; of folds, `counts["fold-0/train"][0]`. */
  counts: Record<string, number[]>;
}

/**
 * Splits an image folder class by class, at random by `seed`; a file always lands in the same split for the same seed
 * and files. The source stays as it is. `output` must be missing or empty; it appears whole when all is done, or not at
 * all.
 */
export async function splitFolder(source: string, output: string, options: SplitOptions = {}): Promise<SplitReport> {
  const { ratios = { train: 0.7, val: 0.3 }, seed = 42 } = options;
  checkRatios(ratios);
  const dataset = await openUnsplit(source, output, options);
  const { classes } = dataset;
  const names = Object.keys(ratios).filter((name) => ratios[name]! > 0);
  const members: Placement[] = [];
  for (const [index, own] of byClass(dataset.length, dataset.label, classes.length).entries()) {
    const order = Rng.of(seed, "split", classes[index]!).permutation(own.length);
    const sizes = apportion(
      own.length,
      names.map((name) => ratios[name]!),
    );
    let next = 0;
    for (const [which, part] of names.entries()) {
      for (const position of order.slice(next, next + sizes[which]!).sort()) members.push({ part, i: own[position]! });
      next += sizes[which]!;
    }
  }
  return layOut(source, output, dataset, names, members, options);
}

/**
 * Folders `fold-0` and so on, in each of which `val` holds one part of the images and `train` the others; of each class
 * as many in each part, give or take one. The folds are those of `stratifiedFolds` for the same seed. Every image lies
 * in every fold, so links are what one wants.
 */
export async function splitFolds(
  source: string,
  output: string,
  options: PlaceOptions & { folds: number },
): Promise<SplitReport> {
  const { folds, seed = 42 } = options;
  const dataset = await openUnsplit(source, output, options);
  const foldOf = stratifiedFolds(dataset, folds, seed);
  const names: string[] = [];
  const members: Placement[] = [];
  for (let fold = 0; fold < folds; fold++)
    for (const side of ["train", "val"] as const) {
      const part = `fold-${fold}/${side}`;
      names.push(part);
      for (let i = 0; i < dataset.length; i++) if ((foldOf[i] === fold) === (side === "val")) members.push({ part, i });
    }
  return layOut(source, output, dataset, names, members, options);
}

/** A sample in a part. */
interface Placement {
  part: string;
  i: number;
}

/** @throws VitrineError where the source is split already, or the output is no place to write to. */
async function openUnsplit(source: string, output: string, options: PlaceOptions): Promise<Dataset> {
  const { mode = "copy" } = options;
  if (!modes.includes(mode)) {
    throw usage(`mode must be one of ${modes.join(", ")}, found "${mode}"${didYouMean(mode, modes)}`);
  }
  const there = Object.keys(await splitFolders(source));
  if (there.length > 0) throw usage(`${source} is split already: it holds ${there.join(", ")}`);
  if (`${resolve(output)}${sep}`.startsWith(`${resolve(source)}${sep}`)) {
    throw usage(`the output ${output} lies in the source ${source}; choose a folder outside of it`);
  }
  await assertNewFolder("split", output);
  return openFolder(source, options);
}

/** Puts every file into the folder of its class in its part, beside the output, which then takes its name. */
async function layOut(
  source: string,
  output: string,
  dataset: Dataset,
  parts: readonly string[],
  members: readonly Placement[],
  { mode = "copy", onProgress, onNotice }: PlaceOptions,
): Promise<SplitReport> {
  const { classes } = dataset;
  const folders = classFolders(classes);
  const counts: Record<string, number[]> = Object.fromEntries(parts.map((part) => [part, classes.map(() => 0)]));
  const taken = new Set<string>();
  const moves = members.map(({ part, i }) => {
    const from = dataset.path(i);
    counts[part]![dataset.label(i)]!++;
    const folder = join(part, folders[dataset.label(i)]!);
    return { from, to: join(folder, freeName(from, source, folder, taken)) };
  });
  const target = resolve(output);
  const temporary = join(dirname(target), `.${basename(target)}-${process.pid}.tmp`);
  try {
    for (const folder of new Set(moves.map(({ to }) => dirname(to)))) await makeFolder(join(temporary, folder));
    for (const [done, { from, to }] of moves.entries()) {
      await place(resolve(from), join(temporary, to), mode);
      onProgress?.(done + 1, moves.length);
    }
    for (const above of new Set(parts.map((part) => dirname(part)))) {
      const own = parts.filter((part) => dirname(part) === above).map((part) => ({ counts: counts[part]! }));
      await writeFolderNames(join(temporary, above), classes, folders, own);
    }
    if ((await kindOf(output)) === "folder") await rmdir(target);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error instanceof VitrineError
      ? error
      : new VitrineError("split", `${output} was not made: ${(error as Error).message}`, { cause: error });
  }
  for (const notice of absences(dataset, parts, counts)) onNotice?.(notice);
  return { output, classes, counts };
}

/** Which classes are too small to be in every part. */
function absences(
  { length, label, classes }: Dataset,
  parts: readonly string[],
  counts: SplitReport["counts"],
): string[] {
  const sizes = byClass(length, label, classes.length).map((own) => own.length);
  const all = classes.flatMap((name, c) => {
    const without = parts.filter((part) => counts[part]![c] === 0);
    if (without.length === 0) return [];
    return [
      `class "${name}" has ${sizes[c]} ${sizes[c] === 1 ? "image" : "images"} in all and none in ${some(without)}`,
    ];
  });
  const more = all.length - mostNotices;
  if (more <= 0) return all;
  return [...all.slice(0, mostNotices), `${more} more ${more === 1 ? "class is" : "classes are"} not in every part`];
}

/**
 * `total` items shared by `ratios`: whole numbers nearest to the shares that sum to `total` (largest remainder), and at
 * least one for each share above 0 as long as there are enough, the largest share first.
 */
export function apportion(total: number, ratios: readonly number[]): number[] {
  const sizes = ratios.map((ratio) => Math.floor(total * ratio + 1e-9));
  const remainder = (i: number) => total * ratios[i]! - sizes[i]!;
  const order = ratios.map((_, i) => i).sort((a, b) => remainder(b) - remainder(a) || ratios[b]! - ratios[a]! || a - b);
  let left = total - sizes.reduce((sum, size) => sum + size, 0);
  for (let k = 0; left > 0; k = (k + 1) % order.length) {
    if (ratios[order[k]!]! === 0) continue;
    sizes[order[k]!]!++;
    left--;
  }
  const shares = ratios.map((_, i) => i).filter((i) => ratios[i]! > 0);
  for (const i of shares.sort((a, b) => ratios[b]! - ratios[a]! || a - b)) {
    if (sizes[i]! > 0) continue;
    const richest = sizes.indexOf(Math.max(...sizes));
    if (sizes[richest]! < 2) continue;
    sizes[richest]!--;
    sizes[i]!++;
  }
  return sizes;
}

function byClass(length: number, label: (i: number) => number, classes: number): number[][] {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < length; i++) members[label(i)]!.push(i);
  return members;
}

/** The file's own name, or its path below the source with "__" between the parts where that name is taken. */
function freeName(from: string, source: string, folder: string, taken: Set<string>): string {
  const plain = basename(from);
  const long = relative(source, from).split(sep).join("__");
  for (let n = 0; ; n++) {
    const name = n === 0 ? plain : n === 1 ? long : `${n}__${long}`;
    // Some disks do not tell capitals apart.
    const key = join(folder, name).toLowerCase();
    if (taken.has(key)) continue;
    taken.add(key);
    return name;
  }
}

async function place(from: string, to: string, mode: (typeof modes)[number]): Promise<void> {
  if (mode === "copy") return copyFile(from, to);
  if (mode === "symlink") return symlink(from, to);
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    throw new VitrineError("split", `a hard link cannot lead to another disk (${from}); use mode "symlink" or "copy"`, {
      usage: true,
      cause: error,
    });
  }
}

function checkRatios(ratios: Readonly<Record<string, number>>): void {
  const entries = Object.entries(ratios);
  const shown = entries.map(([name, ratio]) => `${name} ${ratio}`).join(", ");
  const sum = entries.reduce((total, [, ratio]) => total + ratio, 0);
  if (entries.length < 2) throw usage(`expected two or more splits, found ${shown || "none"}`);
  if (entries.some(([, ratio]) => !(ratio >= 0)) || Math.abs(sum - 1) > 1e-6) {
    throw usage(`ratios must be 0 or more and sum to 1, found ${shown} (sum ${sum})`);
  }
  const path = entries.find(([name]) => name === "" || name === "." || name === ".." || /[/\\]/.test(name));
  if (path) throw usage(`a split is named like a folder, found "${path[0]}"`);
}

function usage(message: string): VitrineError {
  return new VitrineError("split", message, { usage: true });
}
