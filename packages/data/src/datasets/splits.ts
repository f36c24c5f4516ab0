// Folders named as parts of a data set.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import type { Dataset } from "./dataset.ts";
import { assertFolder, kindOf } from "./find-images.ts";
import { some } from "./folder.ts";

/** The parts of a data set. */
export type SplitName = "train" | "val" | "test";

const spellings: Readonly<Record<SplitName, readonly string[]>> = {
  train: ["train", "training"],
  val: ["val", "valid", "validation", "eval", "evaluation"],
  test: ["test", "testing"],
};

/** The split that a word stands for ("validation": "val"), or undefined for a word of the user's own. */
export function splitName(word: string): SplitName | undefined {
  const lower = word.toLowerCase();
  return (Object.keys(spellings) as SplitName[]).find((name) => spellings[name].includes(lower));
}

/** The split folders below `root`, by the split they hold. */
export async function splitFolders(root: string): Promise<Partial<Record<SplitName, string>>> {
  await assertFolder(root);
  const folders = new Map<string, string>();
  for (const name of await readdir(root)) {
    if (splitName(name) === undefined || (await kindOf(join(root, name))) !== "folder") continue;
    folders.set(name.toLowerCase(), join(root, name));
  }
  const found: Partial<Record<SplitName, string>> = {};
  for (const split of Object.keys(spellings) as SplitName[]) {
    // The first spelling wins where there are several.
    const spelling = spellings[split].find((word) => folders.has(word));
    if (spelling !== undefined) found[split] = folders.get(spelling)!;
  }
  return found;
}

/**
 * The folder of a split. Without split folders the root itself is the data set, whatever split was asked for, as in timm: ask
 * `listSplits` first where that must not happen.
 */
export async function folderOfSplit(root: string, split: string | undefined): Promise<string> {
  const found = await splitFolders(root);
  const there = Object.keys(found);
  if (split === undefined) {
    if (there.length === 0) return root;
    throw new VitrineError("data", `${root} holds the splits ${there.join(", ")}; say which one, or give its folder`, {
      usage: true,
    });
  }
  const name = splitName(split);
  const folder = name === undefined ? join(root, split) : found[name];
  if (folder !== undefined && (await kindOf(folder)) === "folder") return folder;
  if (there.length === 0 && name !== undefined) return root;
  const expected = name === undefined ? `"${split}"` : `${name} (${spellings[name].join(", ")})`;
  throw new VitrineError(
    "data",
    `expected a folder ${expected} in ${root}, found ${there.length > 0 ? there.join(", ") : "no split folders"}; ` +
      "`vitrine data split` makes them from one folder",
    { usage: true },
  );
}

type Classed = Pick<Dataset, "name" | "classes">;

/** Throws an error that lists what differs, where two data sets do not have the same classes in the same order. */
export function assertSameClasses(train: Classed, val: Classed): void {
  const missing = train.classes.filter((name) => !val.classes.includes(name));
  const extra = val.classes.filter((name) => !train.classes.includes(name));
  const reordered = train.classes.some((name, i) => val.classes[i] !== name);
  if (missing.length === 0 && extra.length === 0 && !reordered) return;
  const differences: string[] = [];
  if (missing.length > 0) differences.push(`only in ${train.name}: ${some(missing)}`);
  if (extra.length > 0) differences.push(`only in ${val.name}: ${some(extra)}`);
  if (differences.length === 0) differences.push("the same names in another order");
  throw new VitrineError(
    "data",
    `classes differ between ${train.name} (${train.classes.length}) and ${val.name} (${val.classes.length}): ${differences.join("; ")}`,
  );
}
