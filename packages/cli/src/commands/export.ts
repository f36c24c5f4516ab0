// vitrine export runs/train/latest --output model.onnx --preprocess

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openFiles } from "@vitrine/data";
import { type ExportOptions, exportOnnx, verifyOnnx } from "@vitrine/export";
import { defineOptions, type Values } from "../args.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, useEngine } from "../engine.ts";
import { imageDecoder } from "../images.ts";
import { locate, openModel, readClasses } from "../open-model.ts";
import { checkpointOptions } from "../options/checkpoint.ts";
import { modelConfig, modelOptions } from "../options/model.ts";
import { optional } from "../options/recipe.ts";
import { UsageError } from "../usage-error.ts";

const options = defineOptions({
  output: {
    kind: "string",
    short: "o",
    value: "FILE",
    group: "File",
    help: "file to write (model.onnx, in the run folder if it is one)",
  },
  opset: { kind: "integer", default: 20, group: "File", help: "ONNX operator set, 17 to 23" },
  batch: { kind: "string", default: "dynamic", value: "N", group: "File", help: "images in a batch, or dynamic" },
  preprocess: {
    kind: "boolean",
    aliases: ["with-preprocess"],
    group: "File",
    help: "input uint8 [N, H, W, C] of any size; the file resizes, cuts and normalises",
  },
  normalize: {
    kind: "boolean",
    group: "File",
    help: "input uint8 [N, H, W, C] of the model's size; the file normalises",
  },
  layout: { kind: "string", choices: ["nchw", "nhwc"], group: "File", help: "axes of a float input (nchw)" },
  softmax: { kind: "boolean", aliases: ["with-softmax"], group: "File", help: "probabilities in place of logits" },
  features: {
    kind: "boolean",
    aliases: ["with-features"],
    group: "File",
    help: "a second output: what the classifier reads",
  },
  names: {
    kind: "string",
    value: "IN,OUT",
    group: "File",
    help: "names of input and output (pixel_values,logits); timm: input0,output0",
  },
  "external-data": { kind: "boolean", group: "File", help: "weights in a second file (where they do not fit in one)" },
  verify: { kind: "boolean", default: true, group: "Check", help: "do not compare the file with the model" },
  tolerance: {
    kind: "number",
    above: 0,
    default: 1e-4,
    group: "Check",
    help: "largest difference, as a share of the largest output",
  },
  images: { kind: "string", value: "PATH", group: "Check", help: "images, or a folder of some, to compare on too" },
  ...checkpointOptions,
  "num-classes": { kind: "integer", min: 0, group: "Model", help: "classes (those of the checkpoint)" },
  pretrained: {
    kind: "boolean",
    default: true,
    group: "Model",
    help: "for a model's name: new parameters, not the published ones",
  },
  "class-map": { kind: "string", value: "FILE", group: "Model", help: "names of the classes: one a line, or JSON" },
  ...modelOptions,
  ...engineOptions,
});
type Args = Values<typeof options>;

/** Images compared with --images: enough to notice, few enough to wait for. */
const mostImages = 16;

export default defineCommand({
  name: "export",
  summary: "write a model as one ONNX file, and verify it",
  positionals: [{ name: "model", help: "a run folder, a .safetensors file, or a model's name", count: "one" }],
  options,
  examples: [
    ["vitrine export runs/train/latest", "writes model.onnx into the run folder"],
    ["vitrine export runs/train/latest -o model.onnx --preprocess --softmax", "bytes in, probabilities out"],
    ["vitrine export vit_tiny_patch16_224 --opset 17", "published weights, for old runtimes"],
  ],
  async run(args, [source], { report }) {
    const located = await locate(source!, args.weights);
    if (located.kind === "onnx") throw new UsageError(`${located.path} is an ONNX file already`);
    const settings = exportOptions(args);
    await useEngine(args);
    const config = {
      ...modelConfig(args),
      ...optional("numClasses", args["num-classes"]),
      ...(args.pretrained ? {} : { pretrained: false }),
    };
    const model = await openModel(located, { model: args.model, config, onProgress: report.download() });
    if (args["class-map"] !== undefined) model.classes = await readClasses(args["class-map"]);
    report.modelNotes(model.notes);
    const isFolder = (await stat(source!).catch(() => undefined))?.isDirectory() ?? false;
    const path = args.output ?? (isFolder ? join(source!, "model.onnx") : "model.onnx");
    report.exported(await exportOnnx(model, path, settings));
    if (!args.verify) return 0;
    const images = args.images === undefined ? [] : await someImages(args.images);
    const { tolerance } = args;
    report.verified(await verifyOnnx(model, path, { tolerance, images, decode: imageDecoder() }));
    return 0;
  },
});

function exportOptions(args: Args): ExportOptions {
  if (args.preprocess && args.normalize)
    throw new UsageError("--preprocess does what --normalize does, and more; give one");
  const names = args.names?.split(",");
  if (names !== undefined && names.length !== 2)
    throw new UsageError(`--names takes two names with a comma, found "${args.names}"`);
  const batch = args.batch === "dynamic" ? "dynamic" : Number(args.batch);
  if (batch !== "dynamic" && !(Number.isInteger(batch) && batch > 0))
    throw new UsageError(`--batch must be dynamic or a whole number of at least 1, found "${args.batch}"`);
  return {
    opset: args.opset,
    batch,
    preprocess: args.normalize ? "normalize" : args.preprocess,
    softmax: args.softmax,
    features: args.features,
    ...optional("layout", args.layout),
    ...optional("names", names && { input: names[0]!, output: names[1]! }),
    ...(args["external-data"] ? { externalData: true } : {}),
  };
}

async function someImages(path: string): Promise<string[]> {
  const files = await openFiles([path]);
  const step = Math.max(1, Math.floor(files.length / mostImages));
  return Array.from({ length: Math.min(mostImages, files.length) }, (_, i) => files.path(i * step));
}
