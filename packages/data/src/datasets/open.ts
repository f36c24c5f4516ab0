// From what a user types to a data set.

import { nearest, VitrineError } from "@vitrine/core";
import { type CifarKind, findCifar, openCifar } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { assertFolder, kindOf } from "./find-images.ts";
import { openFolder } from "./folder.ts";
import { findMnist, openMnist } from "./mnist.ts";
import { folderOfSplit, type SplitName, splitFolders } from "./splits.ts";

export interface OpenOptions {
  /** `train`, `val`, `test` in any usual spelling, or the name of a folder. */
  split?: string;
  /** Names of the classes in the order of their indices, for example those of a trained model. */
  classes?: readonly string[];
  /** Endings of image files, for image folders. */
  extensions?: readonly string[];
  /** See `FolderOptions`. */
  classFrom?: "leaf" | "top";
}

const formats = ["folder", "mnist", "fashion-mnist", "cifar10", "cifar100"] as const;
type Format = (typeof formats)[number];

/**
 * The data set at a path: an image folder, IDX files, or CIFAR's binary files, told apart by looking. `mnist:DIR`,
 * `fashion-mnist:DIR`, `cifar10:DIR`, `cifar100:DIR` and `folder:DIR` say it outright.
 */
export async function openDataset(source: string, options: OpenOptions = {}): Promise<Dataset> {
  const { format, root } = await recognise(source);
  switch (format) {
    case "mnist":
      return openMnist(root, options);
    case "fashion-mnist":
      return openMnist(root, { ...options, fashion: true });
    case "cifar10":
    case "cifar100":
      return openCifar(format satisfies CifarKind, root, options);
    case "folder":
      return openFolder(await folderOfSplit(root, options.split), options);
  }
}

/** The splits there are: `["train", "val"]`; none where the folder holds the classes themselves. */
export async function listSplits(source: string): Promise<SplitName[]> {
  const { format, root } = await recognise(source);
  if (format !== "folder") return ["train", "test"];
  const found = await splitFolders(root);
  return (["train", "val", "test"] as const).filter((name) => found[name] !== undefined);
}

async function recognise(source: string): Promise<{ format: Format; root: string }> {
  // Two letters or more: "C:\images" is a path.
  const [, prefix, rest] = /^([A-Za-z][\w-]+):(.*)$/s.exec(source) ?? [];
  if (prefix !== undefined && rest !== undefined && (await kindOf(source)) === "missing") {
    const format = formats.find((name) => name === prefix.toLowerCase());
    if (format === undefined) {
      const guess = nearest(prefix, formats);
      const hint = guess === undefined ? "" : ` (did you mean "${guess}:${rest}"?)`;
      throw new VitrineError("data", `unknown format "${prefix}"${hint}; known are ${formats.join(", ")}`, {
        usage: true,
      });
    }
    await assertFolder(rest);
    return { format, root: rest };
  }
  await assertFolder(source);
  if ((await findMnist(source)) !== undefined) return { format: "mnist", root: source };
  const cifar = await findCifar(source);
  if (cifar !== undefined) return { format: cifar.kind, root: source };
  return { format: "folder", root: source };
}
