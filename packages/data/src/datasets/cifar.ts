// CIFAR-10 and CIFAR-100 in their binary form. https://www.cs.toronto.edu/~kriz/cifar.html

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import { splitName } from "./splits.ts";

const edge = 32;
const plane = edge * edge;

/** A row is its labels and three planes; the last label counts (CIFAR-100 has the coarse one first). */
const kinds = {
  cifar10: {
    folder: "cifar-10-batches-bin",
    python: "data_batch_1",
    train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: ["test_batch.bin"],
    names: "batches.meta.txt",
    labels: 1,
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  },
  cifar100: {
    folder: "cifar-100-binary",
    python: "train",
    train: ["train.bin"],
    test: ["test.bin"],
    names: "fine_label_names.txt",
    labels: 2,
    classes: Array.from({ length: 100 }, (_, i) => String(i)),
  },
} as const;

export type CifarKind = keyof typeof kinds;

/** The folder of binary files at or below `root`, and which of the two it is; undefined where there is none. */
export async function findCifar(root: string): Promise<{ kind: CifarKind; folder: string } | undefined> {
  for (const kind of Object.keys(kinds) as CifarKind[]) {
    const folder = await locate(root, kind);
    if (folder !== undefined) return { kind, folder };
  }
  return undefined;
}

export interface CifarOptions {
  /** `train` (default), or `val` and `test` for the test images. */
  split?: string;
  classes?: readonly string[];
}

/** Colour images of 32 x 32 with labels. */
export async function openCifar(kind: CifarKind, root: string, options: CifarOptions = {}): Promise<Dataset> {
  const { train, test, names, labels: labelBytes, python } = kinds[kind];
  const split = splitName(options.split ?? "train");
  if (split === undefined) {
    throw new VitrineError(
      "data",
      `${kind} has the splits train and test (also called val), found "${options.split}"`,
      {
        usage: true,
      },
    );
  }
  const folder = await locate(root, kind);
  if (folder === undefined) {
    const pickled = (await kindOf(join(root, python))) === "file" ? " (what lies there is the Python version)" : "";
    throw new VitrineError("data", `expected the binary version of ${kind}, with ${test[0]}, in ${root}${pickled}`, {
      usage: true,
    });
  }
  const classes = options.classes ?? (await readNames(join(folder, names))) ?? kinds[kind].classes;
  const rowBytes = labelBytes + 3 * plane;
  const files = split === "train" ? train : test;
  const parts: Part[] = [];
  let length = 0;
  for (const name of files) {
    const file = join(folder, name);
    const bytes = await readRows(file, rowBytes, labelBytes, classes.length);
    parts.push({ file, bytes, first: length });
    length += bytes.length / rowBytes;
  }
  const at = (i: number) => {
    const part = parts.findLast(({ first }) => first <= i)!;
    return { part, row: i - part.first };
  };
  return {
    name: folder,
    classes,
    length,
    label(i) {
      const { part, row } = at(i);
      return part.bytes[row * rowBytes + labelBytes - 1]!;
    },
    path(i) {
      const { part, row } = at(i);
      return `${part.file}#${row}`;
    },
    load(i) {
      const { part, row } = at(i);
      return interleave(part.bytes, row * rowBytes + labelBytes);
    },
    decoded: true,
  };
}

interface Part {
  file: string;
  bytes: Uint8Array;
  /** Index of its first row in the data set. */
  first: number;
}

async function locate(root: string, kind: CifarKind): Promise<string | undefined> {
  const { folder, test } = kinds[kind];
  for (const candidate of [root, join(root, folder)]) {
    if ((await kindOf(join(candidate, test[0]))) === "file") return candidate;
  }
  return undefined;
}

async function readRows(file: string, rowBytes: number, labelBytes: number, classes: number): Promise<Uint8Array> {
  if ((await kindOf(file)) !== "file")
    throw new VitrineError(file, "expected a CIFAR file, found nothing; download the set again");
  const bytes = await readFile(file);
  if (bytes.length === 0 || bytes.length % rowBytes !== 0) {
    throw new VitrineError(
      file,
      `truncated CIFAR file: expected a multiple of ${rowBytes} bytes (${labelBytes} for labels, 3 x 32 x 32 for pixels), ` +
        `found ${bytes.length}; download it again`,
    );
  }
  for (let at = labelBytes - 1; at < bytes.length; at += rowBytes) {
    if (bytes[at]! < classes) continue;
    const row = (at - labelBytes + 1) / rowBytes;
    throw new VitrineError(file, `expected labels below ${classes}, found ${bytes[at]} in row ${row}`);
  }
  return bytes;
}

async function readNames(file: string): Promise<string[] | undefined> {
  if ((await kindOf(file)) !== "file") return undefined;
  const names = (await readFile(file, "utf8")).split(/\r?\n/).map((line) => line.trim());
  return names.filter((line) => line !== "");
}

function interleave(planes: Uint8Array, start: number): RawImage {
  const data = new Uint8Array(3 * plane);
  for (let i = 0, t = 0; i < plane; i++, t += 3) {
    data[t] = planes[start + i]!;
    data[t + 1] = planes[start + plane + i]!;
    data[t + 2] = planes[start + 2 * plane + i]!;
  }
  return { data, width: edge, height: edge, channels: 3 };
}
