// vitrine eval runs/train/latest data

import type { Model } from "@vitrine/core";
import { writeFileAtomic } from "@vitrine/core/node";
import { createLoader, type Dataset, evalTransform, listSplits, openDataset } from "@vitrine/data";
import { Predictor } from "@vitrine/export";
import { type Evaluation, evaluate } from "@vitrine/train";
import { defineOptions, type Values } from "../args.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, readProviders, useEngine } from "../engine.ts";
import { imageDecoder } from "../images.ts";
import { locate, openModel, readClasses } from "../open-model.ts";
import { checkpointOptions, classOptions } from "../options/checkpoint.ts";
import { closeAll, loaderOptions, loaderSettings } from "../options/data.ts";
import { applyPreprocess, preprocessOptions } from "../options/preprocess.ts";
import { optional } from "../options/recipe.ts";
import { cacheOptions, cacheSettings, partOf, partOptions } from "../options/sampling.ts";
import { sourceOptions, sourceSettings } from "../options/source.ts";
import type { Report } from "../report.ts";
import { csv } from "../results.ts";
import { scoredSource } from "../scored-source.ts";
import { UsageError } from "../usage-error.ts";

const options = defineOptions({
  split: { kind: "string", group: "Data", help: "which part of the data (val, else test)" },
  "batch-size": { kind: "integer", min: 1, default: 64, short: "b", group: "Data", help: "images in a batch" },
  ...sourceOptions,
  ...partOptions,
  ...loaderOptions,
  ...cacheOptions,
  "results-file": { kind: "string", value: "FILE", group: "Results", help: "write the results here too" },
  "results-format": {
    kind: "string",
    choices: ["csv", "json"],
    group: "Results",
    help: "of that file (as its name ends, else csv)",
  },
  "per-class": { kind: "boolean", group: "Results", help: "precision and recall of each class" },
  ...checkpointOptions,
  ...classOptions,
  ...preprocessOptions,
  ...engineOptions,
});
type Args = Values<typeof options>;

export default defineCommand({
  name: "eval",
  summary: "measure a model on labelled images",
  positionals: [
    { name: "model", help: "a run folder, a .safetensors or .onnx file, or a model's name", count: "one" },
    { name: "data", help: "a folder with val/<class>/* or <class>/*, or mnist:DIR, cifar10:DIR", count: "one" },
  ],
  options,
  examples: [
    ["vitrine eval runs/train/latest photos", "the best weights on photos/val"],
    ["vitrine eval model.onnx photos --split test --per-class", "an exported file on photos/test"],
  ],
  interruptible: true,
  async run(args, [source, data], { report, signal }) {
    const located = await locate(source!, args.weights);
    const classes = args["class-map"] === undefined ? undefined : await readClasses(args["class-map"]);
    if (located.kind === "onnx") {
      const predictor = await Predictor.open(located.path, {
        decode: imageDecoder({ maxPixels: args["max-pixels"] }),
        session: { ...optional("threads", args.threads), providers: await readProviders(args.provider) },
        ...optional("classes", classes),
      });
      try {
        const dataset = await partOf(await openSplit(data!, args, report, predictor.classes), args);
        return await measure({ predictor, dataset }, args, report, signal);
      } finally {
        predictor.dispose();
      }
    }
    await useEngine(args);
    const model = await openModel(located, { model: args.model, onProgress: report.download() });
    if (classes !== undefined) model.classes = classes;
    applyPreprocess(model, args);
    const dataset = await partOf(await openSplit(data!, args, report, model.classes), args);
    return measure({ model, dataset }, args, report, signal);
  },
});

type Subject = { dataset: Dataset } & ({ model: Model } | { predictor: Predictor });

async function measure(subject: Subject, args: Args, report: Report, signal: AbortSignal): Promise<number> {
  const { dataset } = subject;
  const progress = report.evaluating();
  const common = { signal, onProgress: progress };
  try {
    const { evaluation, bad } =
      "model" in subject
        ? await measureModel(subject.model, dataset, args, report, common)
        : await measureFile(subject.predictor, dataset, args, report, common);
    report.badImages(bad);
    report.evaluated(evaluation, dataset, args["per-class"]);
    if (args["results-file"] !== undefined) {
      await writeFileAtomic(args["results-file"], resultsOf(evaluation, dataset, args));
      report.note(`Results: ${args["results-file"]}`);
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  }
}

type Common = Parameters<typeof evaluate>[2];

async function measureModel(model: Model, dataset: Dataset, args: Args, report: Report, common: Common) {
  const loader = createLoader(dataset, {
    ...loaderSettings(args, report),
    ...cacheSettings(args, report),
    reuseAfter: 2,
    batchSize: args["batch-size"],
    transform: evalTransform(model.preprocess),
  });
  try {
    return { evaluation: await evaluate(model, loader, common), bad: loader.bad };
  } finally {
    await closeAll([loader]);
  }
}

async function measureFile(predictor: Predictor, dataset: Dataset, args: Args, report: Report, common: Common) {
  const { source, model, forward, bad } = scoredSource(predictor, dataset, {
    batchSize: args["batch-size"],
    maxBadFraction: args["max-bad"],
    onBad: (path, reason) => report.badImage(path, reason),
  });
  return { evaluation: await evaluate(model, source, { ...common, forward }), bad };
}

/** `val`, else `test`, else the folder itself. */
async function openSplit(
  data: string,
  args: Args,
  report: Report,
  classes: readonly string[] | undefined,
): Promise<Dataset> {
  const splits = await listSplits(data);
  const name = args.split ?? (splits.includes("val") ? "val" : splits.includes("test") ? "test" : undefined);
  if (name === undefined && splits.length > 0)
    throw new UsageError(`${data} has only ${splits.join(", ")}; name one with --split`);
  // The class map names the model's classes; they are the data's too.
  const { classMap: _, ...settings } = sourceSettings(args, report);
  return openDataset(data, { ...settings, ...optional("split", name), ...optional("classes", classes) });
}

function resultsOf(evaluation: Evaluation, dataset: Dataset, args: Args): string {
  const { loss, top1, top5, samples, confusion } = evaluation;
  const perClass = confusion.perClass().map((metrics, i) => ({ class: dataset.classes[i]!, ...metrics }));
  const format = args["results-format"] ?? (args["results-file"]!.endsWith(".json") ? "json" : "csv");
  if (format === "json") return `${JSON.stringify({ samples, loss, top1, top5, classes: perClass }, undefined, 2)}\n`;
  return csv([
    ["class", "precision", "recall", "f1", "support"],
    ...perClass.map(({ class: name, precision, recall, f1, support }) => [name, precision, recall, f1, support]),
    ["(all)", "", top1 / 100, "", samples],
  ]);
}
