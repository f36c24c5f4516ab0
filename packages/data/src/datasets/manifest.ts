// A list of image files and their classes: CSV, or JSON objects a line.

import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { VitrineError } from "@vitrine/core";
import { imageExtensions } from "../image-format.ts";
import { classesOfLabels, knownClasses, type LabelOptions, resolveLabel } from "../shards/labels.ts";
import { alternatives, labelOfText, type RawLabel, type SampleKeys } from "../shards/shard-format.ts";
import { parseCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { splitName } from "./splits.ts";

export interface ManifestOptions extends LabelOptions {
  /** Rows of this split only, where the manifest has a column for it. */
  split?: string;
  /** Columns or fields of paths; the first that is there counts. */
  imageKey?: SampleKeys["imageKey"];
  /** Columns or fields of labels, names or indices. */
  labelKey?: SampleKeys["labelKey"];
}

const imageColumns = "path;file;filename;file_name;filepath;image;image_path;img";
const labelColumns = "label;class;target;class_name;label_name;category;cls";
const splitColumns = ["split", "subset", "set", "partition"];

interface Row {
  line: number;
  path: string;
  label: RawLabel;
  split: string | undefined;
}

/**
 * Image files by a list: `path,label[,split]`, or `{"path": …, "label": …}` a line. Paths are relative to the list. A CSV file without
 * names of columns has the path first and the label second.
 */
export async function openManifest(file: string, options: ManifestOptions = {}): Promise<Dataset> {
  const all = await readManifest(file, options);
  const rows = chooseRows(file, all, options.split);
  // Classes of all rows, so that every split has the same ones.
  const found = () =>
    classesOfLabels(
      file,
      all.map(({ label }) => label),
      options.firstLabel,
    );
  const map = (await knownClasses(options, file)) ?? found();
  const labels = Int32Array.from(rows, ({ line, label }) => {
    const index = resolveLabel(label, map, options.firstLabel);
    if (typeof index === "object") throw new VitrineError(file, `line ${line}: ${index.refused}`);
    return index;
  });
  const folder = dirname(file);
  const paths = rows.map(({ path }) => resolve(folder, path));
  return {
    name: file,
    classes: map.classes,
    length: rows.length,
    label: (i) => labels[i]!,
    path: (i) => paths[i]!,
    load: (i) => readFile(paths[i]!),
    files: true,
  };
}

/** The splits that a manifest's own column names, in the order of their first rows. */
export async function manifestSplits(file: string): Promise<string[]> {
  const found = new Set<string>();
  for (const { split } of await readManifest(file, {})) if (split !== undefined) found.add(splitName(split) ?? split);
  return [...found];
}

async function readManifest(file: string, options: ManifestOptions): Promise<Row[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new VitrineError(file, `cannot be read: ${(error as Error).message}`, { usage: true, cause: error });
  }
  const rows = /\.(jsonl|ndjson)$/i.test(file) ? rowsOfJson(file, text, options) : rowsOfCsv(file, text, options);
  if (rows.length === 0) throw new VitrineError(file, "expected rows of path and label, found none", { usage: true });
  return rows;
}

function chooseRows(file: string, rows: readonly Row[], split: string | undefined): readonly Row[] {
  const there = [
    ...new Set(rows.flatMap((row) => (row.split === undefined ? [] : [splitName(row.split) ?? row.split]))),
  ];
  if (there.length === 0) return rows;
  if (split === undefined) {
    if (there.length === 1) return rows;
    throw new VitrineError("data", `${file} holds the splits ${there.join(", ")}; say which one`, { usage: true });
  }
  const wanted = splitName(split) ?? split;
  const chosen = rows.filter((row) => row.split !== undefined && (splitName(row.split) ?? row.split) === wanted);
  if (chosen.length > 0) return chosen;
  throw new VitrineError("data", `${file} has no rows of split "${split}"; it has ${there.join(", ")}`, {
    usage: true,
  });
}

function rowsOfCsv(file: string, text: string, options: ManifestOptions): Row[] {
  const [head, ...rest] = parseCsv(file, text);
  if (head === undefined) return [];
  const names = head.fields.map((name) => name.toLowerCase());
  const column = (keys: readonly string[]) => keys.map((key) => names.indexOf(key.toLowerCase())).find((i) => i >= 0);
  let image = column(alternatives(options.imageKey ?? imageColumns));
  let label = column(alternatives(options.labelKey ?? labelColumns));
  const split = column(splitColumns);
  const headless =
    image === undefined && label === undefined && imageExtensions.includes(extname(head.fields[0]!).toLowerCase());
  if (headless) [image, label] = [0, 1];
  if (image === undefined || label === undefined)
    throw new VitrineError(
      file,
      `expected the columns ${options.imageKey ?? "path"} and ${options.labelKey ?? "label"}, found ${head.fields.join(", ")}`,
      { usage: true },
    );
  return (headless ? [head, ...rest] : rest).map(({ line, fields }) =>
    rowOf(file, line, fields[image], fields[label], split === undefined ? undefined : fields[split]),
  );
}

function rowsOfJson(file: string, text: string, options: ManifestOptions): Row[] {
  const imageKeys = alternatives(options.imageKey ?? imageColumns);
  const labelKeys = alternatives(options.labelKey ?? labelColumns);
  const rows: Row[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .entries()) {
    if (line.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new VitrineError(file, `line ${i + 1}: not JSON: ${(error as Error).message}`, { usage: true });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new VitrineError(file, `line ${i + 1}: expected an object, found ${line.slice(0, 40)}`, { usage: true });
    const fields = value as Readonly<Record<string, unknown>>;
    const pick = (keys: readonly string[]) => keys.map((key) => fields[key]).find((found) => found !== undefined);
    rows.push(rowOf(file, i + 1, pick(imageKeys), pick(labelKeys), pick(splitColumns)));
  }
  return rows;
}

function rowOf(file: string, line: number, path: unknown, label: unknown, split: unknown): Row {
  const found =
    typeof label === "number" ? labelOfText(String(label)) : typeof label === "string" ? labelOfText(label) : undefined;
  const refuse = (why: string) => new VitrineError(file, `line ${line}: ${why}`, { usage: true });
  if (typeof path !== "string" || path === "") throw refuse("expected the path of an image, found none");
  if (found === undefined) throw refuse(`expected a label for ${path}, found none`);
  return { line, path, label: found, split: typeof split === "string" && split !== "" ? split : undefined };
}
