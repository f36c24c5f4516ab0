// Which class each folder of an image folder holds, where names of classes make no good names of folders ("T-shirt/top"), or where
// their order is not that of the folders. `vitrine data convert` writes it.

import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { VitrineError } from "@vitrine/core";
import { splitName } from "./splits.ts";

export const folderNamesFile = "class-folders.json";

/** Folders and classes, in the order of the classes; undefined where nothing is said. Above a split folder counts too. */
export async function readFolderNames(root: string): Promise<ReadonlyMap<string, string> | undefined> {
  const path = resolve(root);
  const places = splitName(basename(path)) === undefined ? [path] : [path, dirname(path)];
  for (const place of places) {
    const file = join(place, folderNamesFile);
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return parse(file, text);
  }
  return undefined;
}

/** The text of the file for folders in the order of their classes. */
export function formatFolderNames(folders: readonly { folder: string; name: string }[]): string {
  return `${JSON.stringify(folders, undefined, 2)}\n`;
}

function parse(file: string, text: string): ReadonlyMap<string, string> {
  const bad = () => new VitrineError(file, 'expected a list of { "folder": …, "name": … }; remove or mend the file');
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw bad();
  }
  if (!Array.isArray(list)) throw bad();
  const found = new Map<string, string>();
  for (const entry of list as { folder?: unknown; name?: unknown }[]) {
    if (typeof entry?.folder !== "string" || typeof entry.name !== "string") throw bad();
    found.set(entry.folder, entry.name);
  }
  return found;
}
