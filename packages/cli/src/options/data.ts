// Where images come from and how training changes them. timm's names and defaults.

import type { Model } from "@vitrine/core";
import type { BadSample, Dataset, Loader, OpenOptions, TrainTransformOptions } from "@vitrine/data";
import { defineOptions, type Values } from "../args.ts";
import type { Report } from "../report.ts";
import { UsageError } from "../usage-error.ts";
import { optional } from "./recipe.ts";

const group = "Data";
const augment = "Augmentation";

export const loaderOptions = defineOptions({
  workers: { kind: "integer", min: 0, short: "j", group, help: "threads that decode images (cores - 1, at most 4)" },
  "max-bad": {
    kind: "number",
    min: 0,
    max: 1,
    default: 0.1,
    group,
    help: "share of unreadable images that is put up with",
  },
  "max-pixels": { kind: "integer", min: 1, group, help: "larger images are refused (178956970)" },
});

export const augmentOptions = defineOptions({
  aug: { kind: "boolean", default: true, group: augment, help: "no augmentation: resize and cut the middle" },
  "train-crop-mode": {
    kind: "string",
    choices: ["rrc", "rkrc", "rkrr", "pad", "none"],
    default: "rrc",
    group: augment,
    help: "random resized crop; ratio kept, middle or any part; pad, any part; middle",
  },
  scale: {
    kind: "numbers",
    count: [2],
    group: augment,
    help: "share of the image's area in a random crop (0.08 1; rkrc, rkrr: 0.8 1)",
  },
  ratio: {
    kind: "numbers",
    count: [2],
    group: augment,
    help: "its width over its height (0.75 1.33), or for rkrc, rkrr the change of that (0.9 1.11)",
  },
  hflip: { kind: "number", min: 0, max: 1, default: 0.5, group: augment, help: "chance of a flip left to right" },
  vflip: { kind: "number", min: 0, max: 1, default: 0, group: augment, help: "chance of a flip upside down" },
  aa: {
    kind: "string",
    value: "POLICY",
    group: augment,
    help: "policy: rand-m9-mstd0.5-inc1, v0, original, 3a, augmix-m5-w4-d2, ta_wide",
  },
  "color-jitter": {
    kind: "numbers",
    count: [1, 3, 4],
    default: [0.4],
    group: augment,
    help: "strength: brightness, contrast, saturation, hue; none beside --aa, but for 3a",
  },
  "color-jitter-prob": { kind: "number", min: 0, max: 1, group: augment, help: "chance of it (1)" },
  "force-color-jitter": { kind: "boolean", group: augment, help: "colour jitter beside --aa too" },
  "grayscale-prob": { kind: "number", min: 0, max: 1, default: 0, group: augment, help: "chance of grey" },
  "gaussian-blur-prob": { kind: "number", min: 0, max: 1, default: 0, group: augment, help: "chance of a blur" },
  "aug-splits": {
    kind: "integer",
    min: 0,
    default: 0,
    value: "N",
    group: augment,
    help: "images of each sample: a clean one, and others of the same crop with --aa or colour jitter (0 for one)",
  },
  "train-interpolation": {
    kind: "string",
    choices: ["random", "nearest", "bilinear", "bicubic", "lanczos"],
    default: "random",
    group: augment,
    help: "of resizing, and of geometric operations of --aa",
  },
});

/** Refuses a policy that cannot be read before anything is opened. */
export async function checkAugment(args: Values<typeof augmentOptions>): Promise<void> {
  if (args.aa === undefined) return;
  const { augmentPolicy } = await import("@vitrine/data");
  augmentPolicy(args.aa);
}

/** What training does to images. */
export function trainTransformOf(model: Model, args: Values<typeof augmentOptions>): TrainTransformOptions {
  const { size, channels, mean } = model.preprocess;
  const base = { size, channels, interpolation: args["train-interpolation"] };
  if (!args.aug) return { ...base, crop: "none", hflip: 0, vflip: 0, colorJitter: 0 };
  const jitter = args["color-jitter"];
  return {
    ...base,
    mean,
    trainCropMode: args["train-crop-mode"],
    ...optional("scale", args.scale as readonly [number, number] | undefined),
    ...optional("ratio", args.ratio as readonly [number, number] | undefined),
    hflip: args.hflip,
    vflip: args.vflip,
    ...optional("autoAugment", args.aa),
    // Colours can only be changed where there are some.
    colorJitter: channels === 3 ? (jitter.length === 1 ? jitter[0]! : jitter) : 0,
    ...optional("colorJitterProb", args["color-jitter-prob"]),
    forceColorJitter: args["force-color-jitter"],
    grayscaleProb: args["grayscale-prob"],
    gaussianBlurProb: args["gaussian-blur-prob"],
  };
}

/** Settings that all loaders of a command share; unreadable images are said once, by path. */
export function loaderSettings(args: Values<typeof loaderOptions>, report: Report) {
  return {
    ...optional("workers", args.workers),
    ...optional("maxPixels", args["max-pixels"]),
    maxBadFraction: args["max-bad"],
    onBad: ({ path, reason }: BadSample) => report.badImage(path, reason),
  };
}

/** The data sets of a folder for training: `val`, or `test` where there is no `val`. */
export async function openSplits(
  source: string,
  names: { train: string; val: string | undefined },
  options: OpenOptions = {},
): Promise<{ train: Dataset; val: Dataset | undefined }> {
  const { assertSameClasses, listSplits, openDataset, sourceFormat } = await import("@vitrine/data");
  const splits = await listSplits(source);
  if (splits.length === 0) {
    const message = `${source} has no folders train and val; make them with \`vitrine data split ${source} NEW_FOLDER\``;
    throw new UsageError(message);
  }
  const train = await openDataset(source, { ...options, split: names.train });
  const valName = names.val ?? (splits.includes("val") ? "val" : splits.includes("test") ? "test" : undefined);
  if (valName === undefined || valName === "none") return { train, val: undefined };
  // Shards and lists of one split may lack a class; folders of two data sets are told apart by theirs.
  const shared = (await sourceFormat(source)) === "folder" ? {} : { classes: train.classes };
  const val = await openDataset(source, { ...options, ...shared, split: valName });
  assertSameClasses(train, val);
  return { train, val };
}

/** Closes loaders, whatever happens to one of them. */
export async function closeAll(loaders: readonly (Loader | undefined)[]): Promise<void> {
  await Promise.all(loaders.map((loader) => loader?.close()));
}
