// vitrine data preview data --model vit_tiny_patch16_224 --aa rand-m9-mstd0.5-inc1 --mixup 0.8 --cutmix 1 --reprob 0.25

import { dirname } from "node:path";
import type { Model } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { encodeImage, trainTransform } from "@vitrine/data";
import { createModel } from "vitrine";
import { defineOptions, type OptionSpec } from "../args.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, useEngine } from "../engine.ts";
import { augmentOptions, checkAugment, loaderOptions, trainTransformOf } from "../options/data.ts";
import { modelConfig, modelOptions } from "../options/model.ts";
import { applyPreprocess, preprocessOptions } from "../options/preprocess.ts";
import { recipeOf, recipeOptions } from "../options/recipe.ts";
import { samplingOptions, trainingData } from "../options/sampling.ts";
import { dataPositional, sourceOptions, sourceSettings } from "../options/source.ts";
import { checkSplits } from "../options/splits.ts";
import { trainLoaderOf } from "../options/train-loader.ts";
import { type PreviewedBatch, previewPage, previewSheet } from "../pages/preview.ts";
import { previewer } from "../preview.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Options of the recipe that change images or targets; the others are understood, so that a line for `train` can be
 * pasted.
 */
const shown = /^(batch-size|smoothing|mixup|cutmix|re(prob|mode|count|split)$)/;
const recipe = Object.fromEntries(
  Object.entries(recipeOptions).map(([name, spec]): [string, OptionSpec] => [
    name,
    shown.test(name) ? spec : { ...spec, hidden: true },
  ]),
) as unknown as typeof recipeOptions;

const options = defineOptions({
  epoch: { kind: "integer", min: 0, default: 0, group: "Preview", help: "which epoch, from 0" },
  start: { kind: "integer", min: 0, default: 0, group: "Preview", help: "first batch, from 0" },
  batches: { kind: "integer", min: 1, default: 1, group: "Preview", help: "how many batches" },
  columns: { kind: "integer", min: 1, group: "Preview", help: "images in a row of the contact sheet" },
  output: {
    kind: "string",
    short: "o",
    default: "preview",
    value: "NAME",
    group: "Preview",
    help: "writes NAME.png and NAME.html",
  },
  "train-split": { kind: "string", default: "train", group: "Data", help: "folder of the training images" },
  ...sourceOptions,
  ...loaderOptions,
  ...samplingOptions,
  model: { kind: "string", short: "m", default: "vit_tiny_patch16_224", group: "Model", help: "whose input is shown" },
  ...modelOptions,
  ...recipe,
  ...augmentOptions,
  ...preprocessOptions,
  seed: { kind: "integer", min: 0, default: 42, group: "Data", help: "of everything random" },
  ...engineOptions,
});

export default defineCommand({
  name: "data preview",
  summary: "show augmented batches as the trainer sees them",
  positionals: [dataPositional],
  options,
  examples: [
    ["vitrine data preview data -b 32 --mixup 0.8 --cutmix 1 --reprob 0.25", "preview.png and preview.html"],
    ["vitrine data preview data --aa rand-m9-mstd0.5-inc1 --epoch 3 -o later", "the first batch of the fourth epoch"],
  ],
  async run(args, [data], { report }) {
    await checkAugment(args);
    checkSplits(args);
    await useEngine(args);
    const { train: dataset } = await trainingData(
      data!,
      { train: args["train-split"], val: undefined },
      args,
      sourceSettings(args, report),
    );
    const { classes } = dataset;
    const config = { ...modelConfig(args), numClasses: classes.length, seed: args.seed };
    const model = (await createModel(args.model as never, config as never)) as unknown as Model;
    applyPreprocess(model, args);
    const { epoch, start, seed } = args;
    const loader = await trainLoaderOf(dataset, model, args, report);
    const end = start + args.batches;
    if (end > loader.batches) {
      await loader.close();
      throw new UsageError(
        `--start ${start} and --batches ${args.batches} go beyond the ${loader.batches} batches of an epoch`,
      );
    }
    const { smoothing = 0, mixup, erasing } = recipeOf(args);
    const how = { classes: classes.length, smoothing, seed, mixup, erasing };
    const { preview, dispose } = previewer(model, classes, how, (i) => dataset.path(i));
    const made: PreviewedBatch[] = [];
    const progress = report.progress("Batches");
    try {
      for await (const batch of loader.epoch(epoch, start)) {
        made.push({ position: start + made.length, images: preview(batch, epoch, start + made.length) });
        progress(made.length, args.batches);
        if (made.length === args.batches) break;
      }
    } finally {
      dispose();
      await loader.close();
    }

    const files = { png: `${args.output}.png`, html: `${args.output}.html` };
    const facts = [
      ["model", args.model],
      ["epoch", String(epoch)],
      ["seed", String(seed)],
      ["mean, std", `${model.preprocess.mean.join(" ")}; ${model.preprocess.std.join(" ")}`],
      ["images of a sample", String(args["aug-splits"] || 1)],
      ["label smoothing", String(smoothing)],
      ["mixup", mixup === undefined ? "none" : JSON.stringify(mixup)],
      ["erasing", erasing === undefined ? "none" : JSON.stringify(erasing)],
    ] as const;
    const transform = trainTransform(trainTransformOf(model, args));
    await makeFolder(dirname(args.output));
    await writeFileAtomic(files.png, await encodeImage(previewSheet(made, args.columns, loader.splits), "png"));
    await writeFileAtomic(files.html, await previewPage(dataset.name, facts, transform, made));
    const objects = made.flatMap(({ position, images }) =>
      images.map(({ image: _, ...one }) => ({ type: "image", epoch, batch: position, ...one })),
    );
    const count = objects.length;
    report.result(
      [...objects, { type: "preview", ...files, images: count }],
      [`${count} images: ${files.png}, ${files.html}`],
    );
    return 0;
  },
});
