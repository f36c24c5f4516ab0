// Everything that is wrong with a data set before a day is spent on training with it: `vitrine data check`.

import { VitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { listSplits, type OpenOptions, openDataset } from "../datasets/open.ts";
import { defaultMaxPixels } from "../image.ts";
import { readAll } from "../read-all.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { folderIssues } from "./folders.ts";
import { type Inspected, inspectSample } from "./inspect.ts";
import { type Issue, type IssueKind, issueKinds } from "./issues.ts";
import { nearGroups } from "./near.ts";

export interface CheckOptions extends Omit<OpenOptions, "split" | "onBad" | "onProgress"> {
  /** Splits to look at (all there are). */
  splits?: readonly string[];
  /** Larger images are not decoded and count as errors (178,956,970 pixels, as PIL). */
  maxPixels?: number;
  /** Shorter edge below which an image is called tiny (16). */
  minSide?: number;
  /** Pixels above which an image is called huge (40 million). */
  hugePixels?: number;
  /** Bits of 64 in which the hashes of images that look alike may differ (4); `false` does not look for them. */
  near?: number | false;
  /** The largest class may have so many times the images of the smallest (10). */
  imbalance?: number;
  onProgress?: (done: number, total: number) => void;
}

export interface CheckReport {
  source: string;
  splits: { name: string; samples: number; classes: { name: string; count: number }[] }[];
  /** In the order of `issueKinds`, then of the samples. */
  issues: Issue[];
  errors: number;
  warnings: number;
}

interface Sample {
  path: string;
  split: string;
  /** The class's name; empty where it is unknown. */
  label: string;
  digest: string | undefined;
  print: Fingerprint | undefined;
}

/** Reads and decodes every image once. @throws VitrineError where there is no data set at `source`. */
export async function checkData(source: string, options: CheckOptions = {}): Promise<CheckReport> {
  const { near = 4, imbalance = 10, onProgress } = options;
  const limits = {
    maxPixels: options.maxPixels ?? defaultMaxPixels,
    minSide: options.minSide ?? 16,
    hugePixels: options.hugePixels ?? 40e6,
  };
  if (near !== false && !(Number.isInteger(near) && near >= 0 && near <= 16))
    throw usage(`near must be a whole number of bits from 0 to 16, or false, found ${near}`);
  if (!(imbalance >= 1)) throw usage(`imbalance must be 1 or more, found ${imbalance}`);
  const parts = await openParts(source, options);

  const issues: Issue[] = [];
  const say = (kind: IssueKind, detail: string, paths: string[], split?: string) =>
    issues.push({ kind, level: issueKinds[kind][0], detail, paths, ...(split === undefined ? {} : { split }) });
  const places = parts.flatMap(({ split, dataset }) =>
    Array.from({ length: dataset.length }, (_, i) => ({ split, dataset, i })),
  );
  const found: Inspected[] = [];
  const inspect = async (at: number) => {
    const { dataset, i } = places[at]!;
    found[at] = await inspectSample(dataset, i, limits);
    return !found[at].findings.some(({ kind }) => kind === "damaged" || kind === "truncated");
  };
  await readAll(places.length, inspect, onProgress);

  const samples = places.map(({ split, dataset, i }, at): Sample => {
    const { findings, digest, print } = found[at]!;
    for (const { kind, detail } of findings) say(kind, detail, [dataset.path(i)], split);
    return { path: dataset.path(i), split, label: dataset.classes[dataset.label(i)] ?? "", digest, print };
  });
  const distinct = sayCopies(samples, say);
  if (near !== false) sayAlike(distinct, near, say);

  const splits = parts.map(({ split, dataset }) => ({
    name: split,
    samples: dataset.length,
    classes: countsOf(dataset),
  }));
  for (const { split, dataset } of parts)
    for (const { shard, offset, reason } of dataset.skipped ?? [])
      say("bad-record", reason, [offset > 0 ? `${shard} at ${offset}` : shard], split);
  for (const { split, dataset } of parts) for (const issue of await folderIssues(dataset)) say(...issue, split);
  for (const { name, classes } of splits) sayImbalance(name, classes, imbalance, say);
  for (const other of splits.slice(1)) sayClasses(splits[0]!, other, say);

  const order = Object.keys(issueKinds);
  issues.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const count = (level: string) => issues.filter((issue) => issue.level === level).length;
  return { source, splits, issues, errors: count("error"), warnings: count("warning") };
}

type Say = (kind: IssueKind, detail: string, paths: string[], split?: string) => void;

async function openParts(source: string, { splits, onProgress: _, ...open }: CheckOptions) {
  const parts: { split: string; dataset: Dataset }[] = [];
  for (const split of splits ?? (await listSplits(source)))
    parts.push({ split, dataset: await openDataset(source, { ...open, split }) });
  if (parts.length === 0) parts.push({ split: "all", dataset: await openDataset(source, open) });
  return parts;
}

/** Says which files are the same, and gives one of each. */
function sayCopies(samples: readonly Sample[], say: Say): Sample[] {
  const byDigest = new Map<string, Sample[]>();
  for (const sample of samples) {
    if (sample.digest === undefined) continue;
    const group = byDigest.get(sample.digest);
    if (group === undefined) byDigest.set(sample.digest, [sample]);
    else group.push(sample);
  }
  for (const group of byDigest.values()) {
    if (group.length === 1) continue;
    const { splits, labels, paths } = summary(group);
    if (labels.length > 1) say("conflict", `${group.length} copies under ${labels.join(", ")}`, paths);
    if (splits.length > 1) say("leak", `${group.length} copies in ${splits.join(", ")}`, paths);
    else if (labels.length === 1) say("duplicate", `${group.length} copies in ${labels[0]}`, paths, splits[0]);
  }
  return [...byDigest.values()].map((group) => group[0]!);
}

function sayAlike(samples: readonly Sample[], near: number, say: Say): void {
  const readable = samples.filter((sample): sample is Sample & { print: Fingerprint } => sample.print !== undefined);
  const prints = readable.map(({ print }) => print);
  for (const members of nearGroups(prints, near)) {
    const group = members.map((i) => readable[i]!);
    const { splits, labels, paths } = summary(group);
    const what = `${group.length} images`;
    if (splits.length > 1) say("near-leak", `${what} in ${splits.join(", ")}`, paths);
    if (labels.length > 1) say("near-conflict", `${what} under ${labels.join(", ")}`, paths);
    else if (splits.length === 1) say("near-duplicate", `${what} in ${labels[0]}`, paths, splits[0]);
  }
}

function summary(group: readonly Sample[]): { splits: string[]; labels: string[]; paths: string[] } {
  const distinct = (values: string[]) => [...new Set(values)];
  return {
    splits: distinct(group.map(({ split }) => split)),
    labels: distinct(group.map(({ label }) => label)),
    paths: group.map(({ path }) => path),
  };
}

function countsOf(dataset: Dataset): { name: string; count: number }[] {
  const counts = new Array<number>(dataset.classes.length).fill(0);
  for (let i = 0; i < dataset.length; i++) if (dataset.label(i) >= 0) counts[dataset.label(i)]!++;
  return dataset.classes.map((name, i) => ({ name, count: counts[i]! }));
}

function sayImbalance(split: string, classes: CheckReport["splits"][number]["classes"], most: number, say: Say): void {
  const filled = classes.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count);
  const [least, largest] = [filled[0], filled.at(-1)];
  for (const { name } of classes.filter(({ count }) => count === 0))
    say("empty-class", `class ${name} has no image`, [], split);
  if (least === undefined || largest === undefined || largest.count <= most * least.count) return;
  const times = Math.round(largest.count / least.count);
  say(
    "imbalance",
    `${largest.name} has ${largest.count} images, ${least.name} ${least.count}: ${times} times`,
    [],
    split,
  );
}

function sayClasses(first: CheckReport["splits"][number], other: CheckReport["splits"][number], say: Say): void {
  const names = (split: typeof first) => split.classes.map(({ name }) => name);
  const only = (a: typeof first, b: typeof first) => {
    const missing = names(a).filter((name) => !names(b).includes(name));
    if (missing.length === 0) return;
    const shown = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ` and ${missing.length - 10} more` : "");
    say("classes", `${missing.length} in ${a.name} but not in ${b.name}: ${shown}`, [], b.name);
  };
  only(first, other);
  only(other, first);
}

function usage(message: string): VitrineError {
  return new VitrineError("check", message, { usage: true });
}
