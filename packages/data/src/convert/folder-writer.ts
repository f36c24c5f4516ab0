// Image folders: one folder a class.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { folderNamesFile, formatFolderNames } from "../datasets/folder-names.ts";
import { sortNaturally } from "../datasets/natural-sort.ts";
import { splitName } from "../datasets/splits.ts";
import { baseName, type SplitWriter, safeName, type WrittenSplit } from "./writer.ts";

/** Names of folders for classes, all different, also where a disk does not tell capitals apart. */
export function classFolders(classes: readonly string[]): string[] {
  const taken = new Set<string>();
  return classes.map((name) => {
    const safe = safeName(name) || "_";
    // A class called "train" is no split.
    const plain = splitName(safe) === undefined ? safe : `_${safe}`;
    let folder = plain;
    for (let n = 2; taken.has(folder.toLowerCase()); n++) folder = `${plain}-${n}`;
    taken.add(folder.toLowerCase());
    return folder;
  });
}

export async function folderWriter(root: string, split: string, folders: readonly string[]): Promise<SplitWriter> {
  for (const folder of folders) await makeFolder(join(root, split, folder));
  const taken = new Set<string>();
  return {
    async add({ source, label, bytes, extension }) {
      const base = baseName(source);
      let name = base;
      // Names count without their endings: `1.png` beside `1.jpg` is one sample for many readers.
      for (let n = 2; taken.has(`${label}/${name.toLowerCase()}`); n++) name = `${base}-${n}`;
      taken.add(`${label}/${name.toLowerCase()}`);
      await writeFile(join(root, split, folders[label]!, `${name}.${extension}`), bytes, { flag: "wx" });
    },
    async finish() {
      return { files: [], lengths: [] };
    },
    async abandon() {},
  };
}

/** Says which folder is which class, where the folders of some split alone would say something else. */
export async function writeFolderNames(
  root: string,
  classes: readonly string[],
  folders: readonly string[],
  written: readonly Pick<WrittenSplit, "counts">[],
): Promise<void> {
  const sorted = sortNaturally(folders, (name) => name);
  const plain = classes.every((name, i) => folders[i] === name && sorted[i] === name);
  const whole = written.every(({ counts }) => counts.every((count) => count > 0));
  if (plain && whole && classes.length > 1) return;
  const entries = classes.map((name, i) => ({ folder: folders[i]!, name }));
  await writeFileAtomic(join(root, folderNamesFile), formatFolderNames(entries));
}
