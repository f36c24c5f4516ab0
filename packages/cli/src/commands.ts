// The list of commands. Each is loaded when it is called, so that help comes at once.

import type { Command } from "./command.ts";

export interface Entry {
  name: string;
  summary: string;
  load(): Promise<{ default: unknown }>;
}

/** In the order of help. A name of two words is a command of a group. */
export const commands: readonly Entry[] = [
  { name: "train", summary: "train a model on a folder of images", load: () => import("./commands/train.ts") },
  { name: "eval", summary: "measure a model on labelled images", load: () => import("./commands/eval.ts") },
  { name: "predict", summary: "name what is on images", load: () => import("./commands/predict.ts") },
  {
    name: "export",
    summary: "write a model as one ONNX file, and verify it",
    load: () => import("./commands/export.ts"),
  },
  { name: "models", summary: "list the models there are", load: () => import("./commands/models.ts") },
  {
    name: "info",
    summary: "parameters, multiply-adds, input and licence of a model",
    load: () => import("./commands/info.ts"),
  },
  {
    name: "data check",
    summary: "find damaged images, copies, leaks between splits, and more",
    load: () => import("./commands/data-check.ts"),
  },
  {
    name: "data preview",
    summary: "show augmented batches as the trainer sees them",
    load: () => import("./commands/data-preview.ts"),
  },
  {
    name: "data convert",
    summary: "write any data set as a folder, TFRecord or WebDataset shards",
    load: () => import("./commands/data-convert.ts"),
  },
  {
    name: "data download",
    summary: "download a public data set, checked and ready to use",
    load: () => import("./commands/data-download.ts"),
  },
  {
    name: "data split",
    summary: "split a folder of images into train and val",
    load: () => import("./commands/data-split.ts"),
  },
  {
    name: "data stats",
    summary: "mean, deviation, classes and sizes of images",
    load: () => import("./commands/data-stats.ts"),
  },
  {
    name: "doctor",
    summary: "check this machine, and say how to fix what is wrong",
    load: () => import("./commands/doctor.ts"),
  },
];

/** Other names that people type. */
export const synonyms: Readonly<Record<string, string>> = {
  validate: "eval",
  val: "eval",
  evaluate: "eval",
  list: "models",
};

export async function loadCommand(entry: Entry): Promise<Command> {
  return (await entry.load()).default as Command;
}
