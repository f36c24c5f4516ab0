// Images without labels, for prediction.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { imageExtensions } from "../image-format.ts";
import type { Dataset } from "./dataset.ts";
import { findImages, kindOf } from "./find-images.ts";

/** Files in the order given, folders replaced by the images below them. Labels are -1, and there are no classes. */
export async function openFiles(
  paths: readonly string[],
  options: { extensions?: readonly string[] } = {},
): Promise<Dataset> {
  const { extensions = imageExtensions } = options;
  const files: string[] = [];
  for (const path of paths) {
    const kind = await kindOf(path);
    if (kind === "missing")
      throw new VitrineError("data", `expected an image or a folder at ${path}, found nothing`, { usage: true });
    if (kind === "file") files.push(path);
    else for (const file of (await findImages(path, extensions)).files) files.push(join(path, file));
  }
  if (files.length === 0) {
    const supported = `Supported image extensions are ${extensions.join(", ")}.`;
    throw new VitrineError("data", `Found 0 images in ${paths.join(", ") || "an empty list"}. ${supported}`, {
      usage: true,
    });
  }
  return {
    name: paths.length === 1 ? paths[0]! : `${files.length} files`,
    classes: [],
    length: files.length,
    label: () => -1,
    path: (i) => files[i]!,
    load: (i) => readFile(files[i]!),
    files: true,
  };
}
