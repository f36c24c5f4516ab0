// `summary.csv`: a row an epoch, in timm's columns, with those of the unaveraged parameters behind them where an average is
// kept.

import type { EpochRecord } from "./records.ts";

type Column = [name: string, value: (record: EpochRecord) => number | undefined];

const timm: readonly Column[] = [
  ["epoch", (r) => r.epoch],
  ["train_loss", (r) => r.trainLoss],
  ["eval_loss", (r) => r.eval?.loss],
  ["eval_top1", (r) => r.eval?.top1],
  ["eval_top5", (r) => r.eval?.top5],
  ["lr", (r) => r.learningRate],
];

const raw: readonly Column[] = [
  ["raw_loss", (r) => r.raw?.loss],
  ["raw_top1", (r) => r.raw?.top1],
  ["raw_top5", (r) => r.raw?.top5],
];

/** The text of `summary.csv`. Numbers are written so that reading them gives the same number; missing ones are empty. */
export function summaryCsv(records: readonly EpochRecord[]): string {
  const columns = records.some((record) => record.raw !== undefined) ? [...timm, ...raw] : timm;
  const rows = records.map((record) => columns.map(([, value]) => cell(value(record))));
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(",")}\n`).join("");
}

function cell(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}
