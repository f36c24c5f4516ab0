// How data sets of any format are read. timm's names where it has them.

import type { BadRecord, OpenOptions } from "@vitrine/data";
import { defineOptions, type Values } from "../args.ts";
import type { Report } from "../report.ts";
import { UsageError } from "../usage-error.ts";
import { optional } from "./recipe.ts";

const group = "Data";

export const dataPositional = {
  name: "data",
  help: "a folder of images, shards, parquet files, a list, or FORMAT:PATH",
  count: "one",
} as const;

export const sourceOptions = defineOptions({
  "class-map": {
    kind: "string",
    value: "FILE",
    group,
    help: "names of the classes in their order; others are left out",
  },
  "input-key": { kind: "string", group, help: "key, column or ending of images in shards and lists; several with ;" },
  "target-key": { kind: "string", group, help: "the same for labels" },
  "first-label": { kind: "integer", min: 0, group, help: "index of the first class in shards and lists (0)" },
  "data-cache": { kind: "string", value: "DIR", group, help: "where indexes of shards are kept (beside the shards)" },
});

/** What `openDataset` wants to know. Records that cannot be used are said, the first of them one by one. */
export function sourceSettings(args: Values<typeof sourceOptions>, report: Report): OpenOptions {
  return {
    ...optional("classMap", args["class-map"]),
    ...optional("imageKey", args["input-key"]),
    ...optional("labelKey", args["target-key"]),
    ...optional("firstLabel", args["first-label"]),
    ...optional("cache", args["data-cache"]),
    onBad: badRecords(report),
    onProgress: report.progress("Indexing shards"),
  };
}

/** Tells the first bad records; more of them are only counted by whoever asked. */
export function badRecords(report: Report, most = 20): (bad: BadRecord) => void {
  let told = 0;
  return ({ shard, offset, reason }) => {
    told++;
    if (told <= most) report.badImage(offset > 0 ? `${shard} at ${offset}` : shard, reason);
    else if (told === most + 1) report.note("More bad records are counted and not listed.");
  };
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** "256MB" in bytes. */
export function parseBytes(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = units[(unit ?? "x").toLowerCase()] ?? units[`${unit}b`.toLowerCase()];
  if (number === undefined || factor === undefined || Number(number) === 0)
    throw new UsageError(`--${option} must be a size such as 256MB or 1GiB, found "${text}"`);
  return Math.round(Number(number) * factor);
}
