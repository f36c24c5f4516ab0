// vitrine train data --model vit_tiny_patch16_224 --pretrained --opt adamw --lr 1e-4

import { join } from "node:path";
import { type BaseConfig, configure, type Model } from "@vitrine/core";
import { createLoader, evalTransform } from "@vitrine/data";
import {
  barReporter,
  jsonReporter,
  linkLatest,
  plainReporter,
  type Reporter,
  runFolderName,
  train,
} from "@vitrine/train";
import { createModel, familyOf } from "vitrine";
import { defineOptions, readConfig, type Values, withDefaults } from "../args.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, useEngine } from "../engine.ts";
import { locate, openModel } from "../open-model.ts";
import { augmentOptions, checkAugment, closeAll, loaderOptions, loaderSettings } from "../options/data.ts";
import { seconds } from "../options/duration.ts";
import { modelConfig, modelOptions } from "../options/model.ts";
import { applyPreprocess, preprocessOptions } from "../options/preprocess.ts";
import { optional, recipeOf, recipeOptions } from "../options/recipe.ts";
import { cacheSettings, samplingOptions, trainingData } from "../options/sampling.ts";
import { sourceOptions, sourceSettings } from "../options/source.ts";
import { checkSplits } from "../options/splits.ts";
import { trainLoaderOf } from "../options/train-loader.ts";
import type { Report } from "../report.ts";
import { UsageError } from "../usage-error.ts";
import { readYaml } from "../yaml-file.ts";

const run = "Run";

const options = defineOptions({
  "data-dir": {
    kind: "string",
    aliases: ["data"],
    value: "DIR",
    group: "Data",
    hidden: true,
    help: "the folder of images",
  },
  "train-split": { kind: "string", default: "train", group: "Data", help: "folder of the training images" },
  "val-split": { kind: "string", group: "Data", help: "folder of the validation images, or none (val, else test)" },
  ...sourceOptions,
  ...loaderOptions,
  ...samplingOptions,
  model: {
    kind: "string",
    short: "m",
    default: "vit_tiny_patch16_224",
    group: "Model",
    help: "model's name; vitrine models lists them",
  },
  pretrained: { kind: "boolean", group: "Model", help: "start from the published weights" },
  "pretrained-path": {
    kind: "string",
    aliases: ["initial-checkpoint"],
    value: "SOURCE",
    group: "Model",
    help: "start from these: a run folder, a .safetensors file, or a repository of the hub",
  },
  strict: {
    kind: "boolean",
    default: true,
    group: "Model",
    help: "take what fits of weights that are not the model's own, and start the rest new",
  },
  "num-classes": { kind: "integer", min: 2, group: "Model", help: "classes (those of the data)" },
  ...modelOptions,
  ...recipeOptions,
  "validation-batch-size": {
    kind: "integer",
    min: 1,
    short: "vb",
    group: "Optimizer",
    help: "images in a batch of validation (--batch-size)",
  },
  ...augmentOptions,
  ...preprocessOptions,
  output: {
    kind: "string",
    default: join("runs", "train"),
    value: "DIR",
    group: run,
    help: "where run folders are made",
  },
  experiment: { kind: "string", group: run, help: "name of the run folder (time, model and size)" },
  resume: { kind: "string", value: "RUN", group: run, help: "go on with a run, with its own options" },
  config: { kind: "string", short: "c", value: "FILE", group: run, help: "options from a YAML file; those typed win" },
  seed: { kind: "integer", min: 0, default: 42, group: run, help: "of everything random" },
  "log-interval": {
    kind: "integer",
    min: 1,
    default: 50,
    group: run,
    help: "updates between two lines, where there is no terminal",
  },
  "val-interval": { kind: "integer", min: 1, default: 1, group: run, help: "epochs between two validations" },
  "recovery-interval": {
    kind: "integer",
    min: 0,
    default: 0,
    aliases: ["checkpoint-interval"],
    group: run,
    help: "updates between two checkpoints within an epoch, 0 for none",
  },
  "eval-metric": {
    kind: "string",
    choices: ["top1", "top5", "loss"],
    default: "top1",
    group: run,
    help: "what makes an epoch the best",
  },
  patience: { kind: "integer", min: 1, group: run, help: "validations without improvement, then stop" },
  "time-limit": { kind: "string", value: "TIME", group: run, help: "stop after this time, such as 90s, 30m, 2h" },
  "limit-train": { kind: "number", above: 0, group: run, help: "batches of an epoch, or below 1 their share" },
  "limit-val": { kind: "number", above: 0, group: run, help: "the same of validation" },
  "fast-dev-run": {
    kind: "boolean",
    group: run,
    help: "one update and one batch of validation, to see that all works",
  },
  ...engineOptions,
});
type Args = Values<typeof options>;

export default defineCommand({
  name: "train",
  summary: "train a model on a folder of images",
  positionals: [
    {
      name: "data",
      help: "a folder with train/<class>/* and val/<class>/*, or mnist:DIR, cifar10:DIR",
      count: "optional",
    },
  ],
  options,
  examples: [
    ["vitrine train photos --model vit_small_patch16_224 --pretrained --opt adamw --lr 1e-4 --epochs 10", "fine-tune"],
    [
      "vitrine train cifar10:data --img-size 32 --model-kwargs patchSize=4 --opt adamw --lr 1e-3 -b 256",
      "train from scratch",
    ],
    ["vitrine train --resume runs/train/latest", "go on where a run stopped"],
  ],
  interruptible: true,
  async run(typed, positionals, { report, signal, given }) {
    const { args, data, remembered } = await optionsOf(typed, positionals, given);
    await checkAugment(args);
    checkSplits(args);
    await useEngine(args);
    const names = { train: args["train-split"], val: args["val-split"] };
    const { train: trainSet, val: valSet } = await trainingData(data, names, args, sourceSettings(args, report));
    const model = await modelFor(args, trainSet.classes.length, report);
    report.modelNotes(model.notes);
    if (valSet === undefined)
      report.note("There is no validation data: the best epoch is that of the lowest training loss.");

    const settings = { ...loaderSettings(args, report), ...cacheSettings(args, report), seed: args.seed };
    const trainLoader = await trainLoaderOf(trainSet, model, args, report);
    const valLoader =
      valSet &&
      createLoader(valSet, {
        ...settings,
        batchSize: args["validation-batch-size"] ?? args["batch-size"],
        transform: evalTransform(model.preprocess),
      });
    const output = args.resume ?? folderOf(args, model);
    try {
      const result = await train(model, {
        ...recipeOf(args),
        ...optional("distillation", await distillationOf(args, model)),
        train: trainLoader,
        ...optional("val", valLoader),
        seed: args.seed,
        output,
        resume: args.resume !== undefined,
        checkpointEvery: args["recovery-interval"],
        evalEvery: args["val-interval"],
        evalMetric: args["eval-metric"],
        ...optional("patience", args.patience),
        ...optional(
          "timeLimit",
          args["time-limit"] === undefined ? undefined : seconds("time-limit", args["time-limit"]),
        ),
        ...optional("limitTrain", args["limit-train"]),
        ...optional("limitVal", args["limit-val"]),
        fastDevRun: args["fast-dev-run"],
        reporter: reporterOf(args["log-interval"], report),
        signal,
        args: remembered,
      });
      if (args.resume === undefined) await linkLatest(output);
      report.badImages([...trainLoader.bad, ...(valLoader?.bad ?? [])]);
      report.trained(output, result.interrupted);
      return result.interrupted ? 130 : 0;
    } finally {
      await closeAll([trainLoader, valLoader]);
    }
  },
});

/** What was typed, over the options of the run that goes on; and all of it as it is to be remembered. */
async function optionsOf(
  typed: Args,
  positionals: readonly string[],
  given: Readonly<Record<string, unknown>>,
): Promise<{ args: Args; data: string; remembered: Record<string, unknown> }> {
  const earlier = typed.resume === undefined ? {} : await runOptions(typed.resume);
  const { resume: _resume, config: _config, "data-dir": dir, ...rest } = { ...earlier, ...given };
  const data = positionals[0] ?? dir;
  if (typeof data !== "string")
    throw new UsageError("train needs <data>: a folder with train/<class>/* and val/<class>/*");
  const args = { ...withDefaults(options, rest), resume: typed.resume };
  return { args, data, remembered: { "data-dir": data, ...rest } };
}

/** The options that a run was started with. */
async function runOptions(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, "args.yaml");
  const content = await readYaml(path);
  const args = (content as { args?: unknown } | null)?.args;
  if (args === undefined) throw new UsageError(`${path} does not say with which options the run was started`);
  return readConfig(path, args, options);
}

async function modelFor(args: Args, classes: number, report: Report): Promise<Model> {
  const wanted = args["num-classes"] ?? classes;
  if (wanted !== classes)
    throw new UsageError(
      `--num-classes is ${wanted}, but the data has ${classes} classes; leave it out, or add the folders`,
    );
  const config = { ...(await headsApart(args)), ...modelConfig(args), numClasses: classes, seed: args.seed };
  const path = args["pretrained-path"];
  const onProgress = report.download();
  const checkpoint = path === undefined ? undefined : await checkpointOf(path);
  const pretrained = checkpoint ?? (args.pretrained || undefined);
  const options = { ...config, ...(pretrained === undefined ? {} : { pretrained, onProgress, strict: args.strict }) };
  const model = (await createModel(args.model as never, options as never)) as unknown as Model;
  applyPreprocess(model, args);
  return model;
}

/** A model with a distillation head gives its scores apart while it has a teacher, so that each head learns from its own. */
async function headsApart(args: Args): Promise<{ distilledTraining?: true }> {
  if (args["kd-model"] === undefined) return {};
  const { distilled } = configure<BaseConfig & { distilled?: boolean }>(await familyOf(args.model), args.model);
  return distilled === true ? { distilledTraining: true } : {};
}

/** A run folder's best weights; anything else is for `createModel` to find. */
async function checkpointOf(source: string): Promise<string> {
  const { stat } = await import("node:fs/promises");
  const isRun = await stat(join(source, "weights")).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!isRun) return source;
  const located = await locate(source);
  return "path" in located ? located.path : source;
}

async function distillationOf(args: Args, student: Model) {
  const source = args["kd-model"];
  if (source === undefined) return undefined;
  const located = await locate(source);
  if (located.kind === "onnx")
    throw new UsageError("--kd-model must be a run folder, a checkpoint or a model's name, found an ONNX file");
  const teacher = await openModel(located);
  if (teacher.config.numClasses !== student.config.numClasses)
    throw new UsageError(`--kd-model has ${teacher.config.numClasses} classes, the data ${student.config.numClasses}`);
  return { teacher, kind: args["kd-type"], temperature: args["kd-temperature"], weight: args["kd-weight"] };
}

function folderOf(args: Args, model: Model): string {
  return args.experiment === undefined
    ? runFolderName(args.output, model, new Date())
    : join(args.output, args.experiment);
}

function reporterOf(logInterval: number, { mode }: Report): Reporter {
  if (mode === "json") return jsonReporter(process.stdout, { logInterval });
  return mode === "terminal" ? barReporter(process.stdout) : plainReporter(process.stdout, { logInterval });
}
