// From the files of an archive to what `openDataset` reads: a list with the authors' own splits, or names of folders.

import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { writeFileAtomic } from "@vitrine/core/node";
import { formatClassMap } from "../datasets/class-map.ts";
import { csvField } from "../datasets/csv.ts";
import { kindOf } from "../datasets/find-images.ts";
import { folderNamesFile, formatFolderNames } from "../datasets/folder-names.ts";
import type { Arrangement } from "./catalogue.ts";
import { flowerNames } from "./flower-names.ts";
import { readMat } from "./mat-file.ts";

type Row = readonly [path: string, label: string, split: string];

/** Makes an unpacked data set ready. @throws VitrineError where a file is missing or says what it should not. */
export function arrange(kind: Arrangement, folder: string): Promise<void> {
  return arrangements[kind](folder);
}

const arrangements: Readonly<Record<Arrangement, (folder: string) => Promise<void>>> = {
  async flowers102(folder) {
    const mat = async (name: string) => readMat(name, await readFile(join(folder, name)));
    const labels = need("imagelabels.mat", (await mat("imagelabels.mat")).get("labels"));
    const parts = await mat("setid.mat");
    const rows: Row[] = [];
    for (const [split, key] of [
      ["train", "trnid"],
      ["val", "valid"],
      ["test", "tstid"],
    ] as const)
      for (const id of need("setid.mat", parts.get(key))) {
        const name = flowerNames[labels[id - 1]! - 1];
        if (name === undefined) throw new VitrineError("imagelabels.mat", `no label for image ${id}`);
        rows.push([`jpg/image_${String(id).padStart(5, "0")}.jpg`, name, split]);
      }
    await writeList(folder, rows, flowerNames);
  },

  async "oxford-pets"(folder) {
    const rows: Row[] = [];
    const names: string[] = [];
    for (const [split, file] of [
      ["train", "annotations/trainval.txt"],
      ["test", "annotations/test.txt"],
    ] as const)
      for (const line of await lines(folder, file)) {
        const [image, id] = line.split(/\s+/) as [string, string];
        const name = image.replace(/_\d+$/, "").replaceAll("_", " ");
        if (!(Number(id) >= 1)) throw new VitrineError(file, `expected a name and a label, found "${line}"`);
        names[Number(id) - 1] = name;
        rows.push([`images/${image}.jpg`, name, split]);
      }
    await writeList(folder, rows, names);
  },

  async food101(folder) {
    await hoist(folder);
    const rows: Row[] = [];
    for (const split of ["train", "test"])
      for (const line of await lines(folder, `meta/${split}.txt`))
        rows.push([`images/${line}.jpg`, line.split("/")[0]!, split]);
    await writeList(folder, rows);
  },

  async dtd(folder) {
    await hoist(folder);
    const rows: Row[] = [];
    for (const split of ["train", "val", "test"])
      for (const line of await lines(folder, `labels/${split}1.txt`))
        rows.push([`images/${line}`, line.split("/")[0]!, split]);
    await writeList(folder, rows);
  },

  async wordnet(folder) {
    await hoist(folder);
    const entries = Object.entries(imagenetteNames).map(([id, name]) => ({ folder: id, name }));
    await writeFileAtomic(join(folder, folderNamesFile), formatFolderNames(entries));
  },
};

const imagenetteNames = {
  n01440764: "tench",
  n02102040: "English springer",
  n02979186: "cassette player",
  n03000684: "chain saw",
  n03028079: "church",
  n03394916: "French horn",
  n03417042: "garbage truck",
  n03425413: "gas pump",
  n03445777: "golf ball",
  n03888257: "parachute",
} as const;

/** Moves what lies in the archive's one folder up. */
async function hoist(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
  const [only] = names;
  if (names.length !== 1 || (await kindOf(join(folder, only!))) !== "folder")
    throw new VitrineError("download", `expected one folder in the archive, found ${names.join(", ") || "nothing"}`);
  // Under a name that nothing in it has.
  const aside = join(folder, ".inner");
  await rename(join(folder, only!), aside);
  for (const name of await readdir(aside)) await rename(join(aside, name), join(folder, name));
  await rm(aside, { recursive: true });
}

async function lines(folder: string, file: string): Promise<string[]> {
  const text = await readFile(join(folder, file), "utf8").catch((error: Error) => {
    throw new VitrineError("download", `expected ${file} in the archive: ${error.message}`, { cause: error });
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** `manifest.csv`, and the names of the classes where their order is not that of the alphabet. */
async function writeList(folder: string, rows: readonly Row[], classes?: readonly string[]): Promise<void> {
  const text = [["path", "label", "split"] as const, ...rows].map((row) => `${row.map(csvField).join(",")}\n`).join("");
  if (classes !== undefined) {
    const map = formatClassMap(classes);
    await writeFileAtomic(join(folder, map.name), map.text);
  }
  await writeFileAtomic(join(folder, "manifest.csv"), text);
}

function need(file: string, values: number[] | undefined): number[] {
  if (values === undefined || values.length === 0)
    throw new VitrineError(file, "expected lists of images and labels, found none");
  return values;
}
