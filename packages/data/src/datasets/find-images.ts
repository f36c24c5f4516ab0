// Image files below a folder.

import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { imageExtensions } from "../image-format.ts";
import { sortNaturally } from "./natural-sort.ts";

export interface FoundImages {
  /** Paths below the root with "/", in natural order. */
  files: string[];
  /** How many other files there are, by ending. */
  others: Map<string, number>;
}

/** All image files below `root`, links followed, names that begin with a dot left out. */
export async function findImages(root: string, extensions: readonly string[] = imageExtensions): Promise<FoundImages> {
  await assertFolder(root);
  const wanted = new Set(extensions.map((ending) => (ending.startsWith(".") ? ending : `.${ending}`).toLowerCase()));
  const found: FoundImages = { files: [], others: new Map() };
  await walk(root, "", wanted, found, []);
  found.files = sortNaturally(found.files, (file) => file);
  return found;
}

/** Throws unless `path` is a folder. */
export async function assertFolder(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === "folder") return;
  throw new VitrineError("data", `expected a folder at ${path}, found ${kind === "file" ? "a file" : "nothing"}`, {
    usage: true,
  });
}

/** For what writes a folder: refuses, in the name of `where`, one that holds something already. */
export async function assertNewFolder(where: string, path: string): Promise<void> {
  const usage = (message: string) => new VitrineError(where, message, { usage: true });
  const kind = await kindOf(path);
  if (kind === "missing") return;
  if (kind === "file") throw usage(`expected a new folder at ${path}, found a file`);
  const names = await readdir(path);
  if (names.length > 0)
    throw usage(`expected an empty or missing folder at ${path}, found ${names.length} entries in it`);
}

/** What a path leads to, links followed. */
export async function kindOf(path: string): Promise<"folder" | "file" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return "missing";
    throw new VitrineError("data", `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** `above`: the real paths of the folders that lead here, which a link must not enter again. */
async function walk(
  root: string,
  below: string,
  wanted: ReadonlySet<string>,
  found: FoundImages,
  above: readonly string[],
): Promise<void> {
  const folder = join(root, below);
  const real = await realpath(folder);
  if (above.includes(real)) return;
  for (const entry of await list(folder)) {
    if (entry.name.startsWith(".")) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? await kindOf(join(root, path)) : entry.isDirectory() ? "folder" : "file";
    if (kind === "folder") await walk(root, path, wanted, found, [...above, real]);
    else if (kind === "file") {
      const ending = extname(entry.name).toLowerCase();
      if (wanted.has(ending)) found.files.push(path);
      else found.others.set(ending, (found.others.get(ending) ?? 0) + 1);
    }
  }
}

async function list(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new VitrineError("data", `${folder} cannot be listed: ${(error as Error).message}`, { cause: error });
  }
}
