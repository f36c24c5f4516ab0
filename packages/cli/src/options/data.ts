// Where images come from and how training changes them. timm's names and defaults.

import type { Model } from "@vitrine/core";
import type { BadSample, Dataset, Loader, TrainTransformOptions } from "@vitrine/data";
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
    choices: ["rrc", "pad", "none"],
    default: "rrc",
    group: augment,
    help: "random resized crop; pad and cut; middle",
  },
  scale: {
    kind: "numbers",
    count: [2],
    default: [0.08, 1],
    group: augment,
    help: "share of the image's area in a random crop",
  },
  ratio: { kind: "numbers", count: [2], default: [3 / 4, 4 / 3], group: augment, help: "its width over its height" },
  hflip: { kind: "number", min: 0, max: 1, default: 0.5, group: augment, help: "chance of a flip left to right" },
  vflip: { kind: "number", min: 0, max: 1, default: 0, group: augment, help: "chance of a flip upside down" },
  "color-jitter": {
    kind: "numbers",
    count: [1, 3, 4],
    default: [0.4],
    group: augment,
    help: "strength: brightness, contrast, saturation, hue",
  },
  "color-jitter-prob": { kind: "number", min: 0, max: 1, group: augment, help: "chance of it (1)" },
  "train-interpolation": {
    kind: "string",
    choices: ["random", "nearest", "bilinear", "bicubic", "lanczos"],
    default: "random",
    group: augment,
    help: "of resizing",
  },
});

/** What training does to images. */
export function trainTransformOf(model: Model, args: Values<typeof augmentOptions>): TrainTransformOptions {
  const { size, channels } = model.preprocess;
  const base = { size, channels, interpolation: args["train-interpolation"] };
  if (!args.aug) return { ...base, crop: "none", hflip: 0, vflip: 0, colorJitter: 0 };
  const jitter = args["color-jitter"];
  return {
    ...base,
    crop: args["train-crop-mode"],
    scale: args.scale as readonly [number, number],
    ratio: args.ratio as readonly [number, number],
    hflip: args.hflip,
    vflip: args.vflip,
    // Colours can only be changed where there are some.
    colorJitter: channels === 3 ? (jitter.length === 1 ? jitter[0]! : jitter) : 0,
    ...optional("colorJitterProb", args["color-jitter-prob"]),
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
  classes?: readonly string[],
): Promise<{ train: Dataset; val: Dataset | undefined }> {
  const { assertSameClasses, listSplits, openDataset } = await import("@vitrine/data");
  const splits = await listSplits(source);
  if (splits.length === 0) {
    const message = `${source} has no folders train and val; make them with \`vitrine data split ${source} NEW_FOLDER\``;
    throw new UsageError(message);
  }
  const options = optional("classes", classes);
  const train = await openDataset(source, { split: names.train, ...options });
  const valName = names.val ?? (splits.includes("val") ? "val" : splits.includes("test") ? "test" : undefined);
  if (valName === undefined || valName === "none") return { train, val: undefined };
  const val = await openDataset(source, { split: valName, ...options });
  assertSameClasses(train, val);
  return { train, val };
}

/** Closes loaders, whatever happens to one of them. */
export async function closeAll(loaders: readonly (Loader | undefined)[]): Promise<void> {
  await Promise.all(loaders.map((loader) => loader?.close()));
}
