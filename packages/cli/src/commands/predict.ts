// vitrine predict runs/train/latest cat.jpg photos/

import { isVitrineError } from "@vitrine/core";
import { writeFileAtomic } from "@vitrine/core/node";
import { openFiles } from "@vitrine/data";
import { Predictor } from "@vitrine/export";
import { defineOptions, type Values } from "../args.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, readProviders, useEngine } from "../engine.ts";
import { glob } from "../glob.ts";
import { imageDecoder } from "../images.ts";
import { type Located, locate, openModel, readClasses } from "../open-model.ts";
import { checkpointOptions, classOptions } from "../options/checkpoint.ts";
import { optional } from "../options/recipe.ts";
import { type PredictedImage, predictionsCsv, predictionsJson } from "../results.ts";
import { UsageError } from "../usage-error.ts";
import { classifyBy, requireClasses } from "../zero-shot.ts";

const options = defineOptions({
  topk: { kind: "integer", min: 1, default: 1, group: "Results", help: "classes for each image" },
  "results-file": { kind: "string", value: "FILE", group: "Results", help: "write all results here too" },
  "results-format": {
    kind: "string",
    choices: ["csv", "json"],
    group: "Results",
    help: "of that file (as its name ends, else csv)",
  },
  "batch-size": { kind: "integer", min: 1, default: 8, short: "b", group: "Images", help: "images in one run" },
  labels: {
    kind: "string",
    value: "A,B,...",
    group: "Zero-shot classification",
    help: "classes by name, for a model that knows texts (CLIP)",
  },
  template: {
    kind: "string",
    value: "TEXT",
    group: "Zero-shot classification",
    help: 'text about a class, {} for its name ("a photo of a {}.")',
  },
  "max-pixels": { kind: "integer", min: 1, group: "Images", help: "larger images are refused (178956970)" },
  ...checkpointOptions,
  ...classOptions,
  ...engineOptions,
});

export default defineCommand({
  name: "predict",
  summary: "name what is on images",
  positionals: [
    { name: "model", help: "a run folder, a .safetensors or .onnx file, or a model's name", count: "one" },
    { name: "images", help: "files, folders, or patterns such as photos/*.jpg", count: "some" },
  ],
  options,
  examples: [
    ["vitrine predict runs/train/latest cat.jpg --topk 3", "three guesses"],
    ["vitrine predict model.onnx photos --results-file results.csv", "a whole folder"],
    ['vitrine predict clip_vit_base_patch32 photos --labels "cat,dog"', "classes that no training named"],
  ],
  async run(args, [source, ...paths], { report, signal }) {
    const labels = readLabels(args);
    const located = await locate(source!, args.weights);
    const files = await openFiles(await glob(paths));
    const predictor = await openPredictor(located, args, labels, report.download());
    const failed: string[] = [];
    const all: PredictedImage[] = [];
    try {
      for (let i = 0; i < files.length && !signal.aborted; i += args["batch-size"]) {
        const count = Math.min(args["batch-size"], files.length - i);
        const batch = Array.from({ length: count }, (_, k) => files.path(i + k));
        const found = await predictEach(predictor, batch, args.topk, args["batch-size"]);
        for (const result of found)
          if ("error" in result) {
            failed.push(result.path);
            report.badImage(result.path, result.error);
          } else {
            all.push(result);
            report.prediction(result);
          }
      }
    } finally {
      predictor.dispose();
    }
    const { "results-file": file } = args;
    if (file !== undefined) {
      const format = args["results-format"] ?? (file.endsWith(".json") ? "json" : "csv");
      await writeFileAtomic(file, format === "json" ? predictionsJson(all) : predictionsCsv(all));
      report.note(`Results of ${all.length} images: ${file}`);
    }
    report.predicted(files.length, failed.length);
    return failed.length > 0 ? 1 : 0;
  },
});

/** What `--labels` names; blanks around a label are no part of it. */
function readLabels({ labels, template, "class-map": map }: Values<typeof options>): string[] | undefined {
  if (labels === undefined) {
    if (template !== undefined) throw new UsageError("--template needs --labels");
    return undefined;
  }
  if (map !== undefined) throw new UsageError("--labels and --class-map both name the classes; give one of them");
  const found = labels.split(",").map((label) => label.trim());
  if (found.includes("")) throw new UsageError(`--labels takes names with commas between them, found "${labels}"`);
  return found;
}

type Outcome = PredictedImage | { path: string; error: string };

/** One bad image must not cost its neighbours their answer. */
async function predictEach(
  predictor: Predictor,
  paths: readonly string[],
  topK: number,
  batchSize: number,
): Promise<Outcome[]> {
  try {
    const found = await predictor.predict(paths, { topK, batchSize });
    return paths.map((path, i) => ({ path, predictions: found[i]! }));
  } catch (error) {
    if (!isVitrineError(error)) throw error;
    if (paths.length > 1) {
      const outcomes: Outcome[] = [];
      for (const path of paths) outcomes.push(...(await predictEach(predictor, [path], topK, batchSize)));
      return outcomes;
    }
    const [path] = paths as [string];
    return [{ path, error: error.message.replace(`${path}: `, "") }];
  }
}

async function openPredictor(
  located: Located,
  args: Values<typeof options>,
  labels: readonly string[] | undefined,
  onProgress: (received: number, total: number | undefined) => void,
): Promise<Predictor> {
  const classes = args["class-map"] === undefined ? undefined : await readClasses(args["class-map"]);
  const session = { ...optional("threads", args.threads), providers: await readProviders(args.provider) };
  const common = { decode: imageDecoder({ maxPixels: args["max-pixels"] }), session, ...optional("classes", classes) };
  if (located.kind === "onnx") {
    if (labels !== undefined) throw new UsageError("--labels needs a model with a text tower; an ONNX file has none");
    return Predictor.open(located.path, common);
  }
  await useEngine(args);
  const model = await openModel(located, { model: args.model, onProgress });
  if (labels !== undefined) return Predictor.of(await classifyBy(model, located, labels, args.template), common);
  requireClasses(model);
  return Predictor.of(model, common);
}
