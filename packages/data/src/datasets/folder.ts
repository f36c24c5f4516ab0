// One folder a class (torchvision's and timm's ImageFolder), with or without folders for splits above.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { didYouMean, VitrineError } from "@vitrine/core";
import { imageExtensions } from "../image-format.ts";
import { readClassMap } from "./class-map.ts";
import type { Dataset } from "./dataset.ts";
import { findImages } from "./find-images.ts";
import { readFolderNames } from "./folder-names.ts";
import { sortNaturally } from "./natural-sort.ts";

export interface FolderOptions {
  /** Names of the classes in the order of their indices (default: those of the folders, in natural order). */
  classes?: readonly string[];
  /** A file with the classes to use, see `readClassMap`: folders that it does not name are left out, as in timm. */
  classMap?: string;
  /** Endings of image files. */
  extensions?: readonly string[];
  /**
   * Where folders lie within folders, which one names the class: the one that holds the file (`leaf`, as timm; default), or the
   * one right below the root (`top`, as torchvision).
   */
  classFrom?: "leaf" | "top";
}

/** The images below `root`. */
export async function openFolder(root: string, options: FolderOptions = {}): Promise<Dataset> {
  const { extensions = imageExtensions, classFrom = "leaf" } = options;
  const { files, others } = await findImages(root, extensions);
  // A picture that lies beside the class folders belongs to no class.
  let inFolders = files.filter((file) => file.includes("/"));
  if (inFolders.length === 0) throw noImages(root, files.length, others, extensions);

  const written = await readFolderNames(root);
  const classOf = (file: string) => {
    const folders = file.split("/").slice(0, -1);
    const folder = classFrom === "leaf" ? folders.at(-1)! : folders[0]!;
    return written?.get(folder) ?? folder;
  };
  const map = options.classMap === undefined ? undefined : await readClassMap(options.classMap);
  if (map !== undefined) {
    inFolders = inFolders.filter((file) => map.indexOf.has(classOf(file)));
    if (inFolders.length === 0)
      throw new VitrineError("data", `no folder of ${root} is named in the class map ${options.classMap}`, {
        usage: true,
      });
  }
  const found = sortNaturally(new Set(inFolders.map(classOf)), (name) => name);
  const listed = written === undefined ? found : [...new Set([...written.values(), ...found])];
  const classes = options.classes ?? map?.classes ?? listed;
  if (options.classes) assertKnown(root, map === undefined ? found : map.classes, options.classes);
  else if (listed.length === 1 && map === undefined) {
    throw new VitrineError(
      "data",
      `expected two or more classes, found one class only in ${root}: "${found[0]}" (${inFolders.length} images); ` +
        "each class needs a folder of its own",
    );
  }
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  // Several names of a class map may stand for one class.
  const nameOf = (file: string) => {
    const name = classOf(file);
    return map === undefined ? name : map.classes[map.indexOf.get(name)!]!;
  };
  const labels = Int32Array.from(inFolders, (file) => indexOf.get(nameOf(file))!);
  const path = (i: number) => join(root, inFolders[i]!);
  return {
    name: root,
    classes,
    length: inFolders.length,
    label: (i) => labels[i]!,
    path,
    load: (i) => readFile(path(i)),
    files: true,
  };
}

function noImages(root: string, loose: number, others: ReadonlyMap<string, number>, extensions: readonly string[]) {
  const [ending, count] = [...others].sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
  let hint = "";
  if (loose > 0) hint = ` ${loose} images lie in ${basename(root)} itself: put each class into a folder of its own.`;
  else if (count > 0) hint = ` There are ${count} files with ending "${ending}".`;
  const supported = `Supported image extensions are ${extensions.join(", ")}.`;
  return new VitrineError("data", `Found 0 images in subfolders of ${root}. ${supported}${hint}`, { usage: true });
}

function assertKnown(root: string, found: readonly string[], classes: readonly string[]): void {
  const unknown = found.filter((name) => !classes.includes(name));
  if (unknown.length === 0) return;
  const hint = unknown.length === 1 ? didYouMean(unknown[0]!, classes) : "";
  throw new VitrineError(
    "data",
    `${root} has ${unknown.length} of ${found.length} class folders that are not among the ${classes.length} known classes: ` +
      `${some(unknown)}${hint}; known are ${some(classes)}`,
  );
}

/** The first names of a list, quoted. */
export function some(names: readonly string[], limit = 10): string {
  const shown = names.slice(0, limit).map((name) => `"${name}"`);
  return names.length > limit ? `${shown.join(", ")} and ${names.length - limit} more` : shown.join(", ");
}
