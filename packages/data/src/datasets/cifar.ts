// CIFAR-10 and CIFAR-100, in their binary and in their Python version. https://www.cs.toronto.edu/~kriz/cifar.html

import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { readBinary, readNameLines } from "./cifar-binary.ts";
import { readNameList, readPython } from "./cifar-python.ts";
import { type CifarRows, imageOfRow } from "./cifar-rows.ts";
import type { Dataset } from "./dataset.ts";
import { kindOf } from "./find-images.ts";
import { splitName } from "./splits.ts";

interface Version {
  /** What the archive unpacks to. */
  folder: string;
  /** Files by which it is known: "test" alone may be anything. */
  known: readonly string[];
  train: readonly string[];
  test: readonly string[];
  read(file: string): Promise<CifarRows>;
  names(folder: string): Promise<readonly string[] | undefined>;
}

const tenBatches = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`);

const kinds = {
  cifar10: {
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    binary: {
      folder: "cifar-10-batches-bin",
      known: ["test_batch.bin"],
      train: tenBatches.map((name) => `${name}.bin`),
      test: ["test_batch.bin"],
      read: (file) => readBinary(file, 1),
      names: (folder) => readNameLines(join(folder, "batches.meta.txt")),
    },
    python: {
      folder: "cifar-10-batches-py",
      known: ["test_batch"],
      train: tenBatches,
      test: ["test_batch"],
      read: (file) => readPython(file, "labels"),
      names: (folder) => readNameList(join(folder, "batches.meta"), "label_names"),
    },
  },
  cifar100: {
    classes: Array.from({ length: 100 }, (_, i) => String(i)),
    binary: {
      folder: "cifar-100-binary",
      known: ["test.bin"],
      train: ["train.bin"],
      test: ["test.bin"],
      read: (file) => readBinary(file, 2),
      names: (folder) => readNameLines(join(folder, "fine_label_names.txt")),
    },
    python: {
      folder: "cifar-100-python",
      known: ["test", "meta"],
      train: ["train"],
      test: ["test"],
      read: (file) => readPython(file, "fine_labels"),
      names: (folder) => readNameList(join(folder, "meta"), "fine_label_names"),
    },
  },
} as const satisfies Record<string, { classes: readonly string[]; binary: Version; python: Version }>;

export type CifarKind = keyof typeof kinds;

/** The folder of CIFAR's files at or below `root`, and which of the two sets it is; undefined where there is none. */
export async function findCifar(root: string): Promise<{ kind: CifarKind; folder: string } | undefined> {
  for (const kind of Object.keys(kinds) as CifarKind[]) {
    const found = await locate(root, kind);
    if (found !== undefined) return { kind, folder: found.folder };
  }
  return undefined;
}

export interface CifarOptions {
  /** `train` (default), or `val` and `test` for the test images. */
  split?: string;
  classes?: readonly string[];
}

/** Colour images of 32 x 32 with labels; the fine ones of CIFAR-100. The binary version is taken where both lie. */
export async function openCifar(kind: CifarKind, root: string, options: CifarOptions = {}): Promise<Dataset> {
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
  const found = await locate(root, kind);
  if (found === undefined) {
    const { binary, python } = kinds[kind];
    throw new VitrineError(
      "data",
      `expected the binary version of ${kind}, with ${binary.known[0]}, or its Python version, ` +
        `with ${python.known.join(" and ")}, in ${root}`,
      { usage: true },
    );
  }
  const { folder, version } = found;
  const classes = options.classes ?? (await version.names(folder)) ?? kinds[kind].classes;
  const parts: Part[] = [];
  let length = 0;
  for (const name of split === "train" ? version.train : version.test) {
    const file = join(folder, name);
    if ((await kindOf(file)) !== "file")
      throw new VitrineError(file, "expected a CIFAR file, found nothing; download the set again");
    const rows = await version.read(file);
    assertLabels(rows, classes.length);
    parts.push({ rows, begin: length });
    length += rows.labels.length;
  }
  const at = (i: number) => {
    const { rows, begin } = parts.findLast((part) => part.begin <= i)!;
    return { rows, row: i - begin };
  };
  return {
    name: folder,
    classes,
    length,
    label(i) {
      const { rows, row } = at(i);
      return rows.labels[row]!;
    },
    path(i) {
      const { rows, row } = at(i);
      return `${rows.file}#${row}`;
    },
    load(i) {
      const { rows, row } = at(i);
      return imageOfRow(rows, row);
    },
    decoded: true,
  };
}

interface Part {
  rows: CifarRows;
  /** Index of its first row in the data set. */
  begin: number;
}

async function locate(root: string, kind: CifarKind): Promise<{ folder: string; version: Version } | undefined> {
  for (const version of [kinds[kind].binary, kinds[kind].python]) {
    for (const folder of [root, join(root, version.folder)]) {
      const there = await Promise.all(version.known.map((name) => kindOf(join(folder, name))));
      if (there.every((found) => found === "file")) return { folder, version };
    }
  }
  return undefined;
}

function assertLabels({ file, labels }: CifarRows, classes: number): void {
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label >= 0 && label < classes) continue;
    throw new VitrineError(file, `expected labels from 0 to ${classes - 1}, found ${label} in row ${row}`);
  }
}
