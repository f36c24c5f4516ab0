// Which images are used, how often, and what is kept of them for the next epoch.

import type { Dataset, LoaderOptions, OpenOptions, Sampler } from "@vitrine/data";
import { defineOptions, type Values } from "../args.ts";
import type { Report } from "../report.ts";
import { UsageError } from "../usage-error.ts";
import { openSplits } from "./data.ts";
import { optional } from "./recipe.ts";

const group = "Data";

/** A part of the data. */
export const partOptions = defineOptions({
  limit: { kind: "integer", min: 1, group, help: "only so many images, of each class its share" },
  fraction: { kind: "number", above: 0, max: 1, group, help: "only this share of the images, of each class" },
});

export const cacheOptions = defineOptions({
  cache: {
    kind: "string",
    choices: ["ram", "disk"],
    group,
    help: "keep decoded images for the next epochs, in memory or in files",
  },
  "cache-dir": { kind: "string", value: "DIR", group, help: "folder of those files (~/.cache/vitrine/images)" },
  "cache-limit": { kind: "number", above: 0, group, help: "gigabytes for them (half of what is free)" },
});

const samplerOptions = defineOptions({
  sampler: {
    kind: "string",
    choices: ["shuffle", "balanced", "weighted"],
    default: "shuffle",
    group,
    help: "each image once; as many of each class; drawn with chances that make classes equal",
  },
  "aug-repeats": {
    kind: "number",
    min: 0,
    default: 0,
    group,
    help: "each image so many times in a row, augmented anew; an epoch sees as many fewer (0 for none)",
  },
  folds: { kind: "integer", min: 2, group, help: "cross-validation: parts of the training data, see --fold" },
  fold: { kind: "integer", min: 0, group, help: "which of them is the validation data, from 0" },
});

/** All of these, for training. */
export const samplingOptions = defineOptions({ ...cacheOptions, ...partOptions, ...samplerOptions });

/** The part of a data set that was asked for. */
export async function partOf(dataset: Dataset, args: Values<typeof partOptions>, seed = 0): Promise<Dataset> {
  const { takePart } = await import("@vitrine/data");
  return takePart(dataset, { ...optional("limit", args.limit), ...optional("fraction", args.fraction), seed });
}

/** Settings of a loader's cache; what it has to say becomes a note. */
export function cacheSettings(args: Values<typeof cacheOptions>, report: Report): Partial<LoaderOptions> {
  const limit = args["cache-limit"];
  return {
    ...optional("cache", args.cache),
    ...optional("cacheDir", args["cache-dir"]),
    ...optional("cacheLimit", limit === undefined ? undefined : limit * 1e9),
    onNotice: (message) => report.notice(message),
  };
}

/** The order of training images that was asked for, and how many there are in an epoch. */
export async function samplerOf(
  dataset: Dataset,
  args: Values<typeof samplerOptions>,
): Promise<{ sampler: Sampler; length: number }> {
  const data = await import("@vitrine/data");
  const repeats = args["aug-repeats"];
  if (repeats > 0 && args.sampler !== "shuffle")
    throw new UsageError(`--aug-repeats and --sampler ${args.sampler} are alternative orders; leave one of them out`);
  if (repeats > 0 && repeats < 1) throw new UsageError(`--aug-repeats must be 0, or at least 1, found ${repeats}`);
  const sampler = make();
  return { sampler, length: sampler.length };

  function make(): Sampler {
    if (repeats > 1) return data.repeatedSampler(dataset.length, { repeats });
    if (args.sampler === "balanced") return data.balancedSampler(data.labelsOf(dataset));
    if (args.sampler === "weighted") return data.weightedSampler(weightsOf(data.labelsOf(dataset)));
    return data.shuffledSampler(dataset.length);
  }
}

/** The data sets of the folder, or of a fold; and of the training data the part that was asked for. */
export async function trainingData(
  source: string,
  names: { train: string; val: string | undefined },
  args: Values<typeof samplingOptions> & { readonly seed: number },
  settings: OpenOptions = {},
): Promise<{ train: Dataset; val: Dataset | undefined }> {
  const { folds, fold, seed } = args;
  const opened =
    folds === undefined && fold === undefined
      ? await openSplits(source, names, settings)
      : await openFold(source, names, { folds, fold, seed }, settings);
  return { ...opened, train: await partOf(opened.train, args, seed) };
}

/** A fold of the training data, or of the whole folder where it has no splits. */
async function openFold(
  source: string,
  names: { train: string; val: string | undefined },
  { folds, fold, seed }: { folds: number | undefined; fold: number | undefined; seed: number },
  settings: OpenOptions,
): Promise<{ train: Dataset; val: Dataset }> {
  if (folds === undefined || fold === undefined)
    throw new UsageError("--folds and --fold belong together, such as --folds 5 --fold 0");
  if (fold >= folds) throw new UsageError(`--fold must be below --folds, found ${fold} of ${folds}`);
  if (names.val !== undefined)
    throw new UsageError("--folds takes the validation data from the training data; leave out --val-split");
  const { foldOf, listSplits, openDataset } = await import("@vitrine/data");
  const splits = await listSplits(source);
  const dataset = await openDataset(source, { ...settings, ...(splits.length > 0 && { split: names.train }) });
  return foldOf(dataset, { folds, fold, seed });
}

/** One over the size of a sample's class. */
function weightsOf(labels: Int32Array): Float64Array {
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return Float64Array.from(labels, (label) => (label < 0 ? 0 : 1 / sizes.get(label)!));
}
