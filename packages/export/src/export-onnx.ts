// A model as an ONNX file that needs nothing of ours to run.

import { createRequire } from "node:module";
import { basename } from "node:path";
import { type Model, VitrineError } from "@vitrine/core";
import { writeFileAtomic } from "@vitrine/core/node";
import { bytesOf, encodeModel, type Graph, type ModelInfo } from "@vitrine/onnx";
import { placeExternal } from "./external-data.ts";
import { checkOpset, forwardGraph, type InputLayout, type PortNames } from "./forward-graph.ts";
import { metadataOf } from "./metadata.ts";
import { type PreprocessMode, prependPreprocess } from "./preprocess-graph.ts";

export interface ExportOptions {
  /** ONNX operator set, 17 to 23 (20). */
  opset?: number;
  /** Images in a batch: any number (`dynamic`, the default) or exactly so many. */
  batch?: number | "dynamic";
  /**
   * What of the preparation of images the file does itself. `false` (default): nothing; the input is float32, normalised.
   * `true`: everything; the input is uint8 [N, H, W, C] of any height and width, and the graph resizes (with antialias, as PIL),
   * cuts the middle, scales to 0 … 1 and normalises, by the model's `preprocess`. `"normalize"`: uint8 [N, H, W, C] of the
   * model's size; scaled and normalised. Decoding and EXIF orientation are never inside.
   */
  preprocess?: boolean | "normalize";
  /** Order of axes of a float input: `nchw` (default), which transformers.js and everything made by PyTorch feed, or `nhwc`. */
  layout?: InputLayout;
  /** Probabilities in place of logits (false). */
  softmax?: boolean;
  /** A second output `features`, [N, D]: what the classifier reads (false). */
  features?: boolean;
  /** Names of inputs and outputs. Default `pixel_values` (`images` for uint8), `logits` (`probabilities`), `features`. */
  names?: Partial<PortNames>;
  /**
   * Weights in a second file, `<name>.data`, beside the model: `true`, `false`, or the number of bytes of weights above which.
   * Default: where they do not fit in one file (2 GB).
   */
  externalData?: boolean | number;
}

export interface PortSummary {
  name: string;
  dtype: string;
  shape: (number | string)[];
}

/** What was written. */
export interface OnnxFile {
  path: string;
  bytes: number;
  /** The file of the weights, where they lie apart. */
  data?: { path: string; bytes: number };
  opset: number;
  inputs: PortSummary[];
  outputs: PortSummary[];
  nodes: number;
}

/** A model in memory, as `exportOnnx` would write it. */
export interface OnnxModel {
  graph: Graph;
  info: ModelInfo;
}

/** Protobuf counts bytes in 31 bits; the rest is left for the graph itself. */
const largestFile = 2 ** 31 - 2 ** 26;

/**
 * Writes the model's forward pass to `path`, whole or not at all. The same model gives the same bytes. Parameters are
 * initializers under their checkpoint keys (matrices as [in, out], which is how the graph multiplies).
 * @throws VitrineError for options that contradict each other and for files that cannot be written.
 */
export async function exportOnnx(model: Model, path: string, options: ExportOptions = {}): Promise<OnnxFile> {
  const { graph, info } = await onnxModel(model, options);
  const { externalData = largestFile } = options;
  const total = graph.constants.reduce((sum, value) => sum + bytesOf(value).length, 0);
  const limit = externalData === true ? -1 : externalData === false ? Number.POSITIVE_INFINITY : externalData;
  if (total > largestFile && total <= limit) {
    const message = `the weights take ${total} bytes, more than one file may hold; leave externalData out`;
    throw new VitrineError("export", message, { usage: true });
  }
  const data = total > limit ? await writeData(graph, path) : undefined;
  const bytes = encodeModel(graph, { ...info, ...(data === undefined ? {} : { external: data.external }) });
  await writeFileAtomic(path, bytes);
  return {
    path,
    bytes: bytes.length,
    ...(data === undefined ? {} : { data: { path: data.path, bytes: data.bytes } }),
    opset: info.opset!,
    inputs: graph.inputs.map(summary),
    outputs: graph.outputs.map(summary),
    nodes: graph.nodes.length,
  };
}

/** The model as `exportOnnx` writes it, without a file. */
export async function onnxModel(model: Model, options: ExportOptions = {}): Promise<OnnxModel> {
  const { opset = 20, batch = "dynamic", preprocess = false, softmax = false, features = false } = options;
  checkOpset(opset);
  checkBatch(batch);
  checkModel(model, softmax);
  const mode: PreprocessMode | "none" =
    preprocess === true ? "full" : preprocess === "normalize" ? "normalize" : "none";
  if (mode !== "none" && options.layout === "nchw")
    throw new VitrineError("export", "bytes are fed as [N, H, W, C]; leave layout out with preprocess", {
      usage: true,
    });
  const layout = options.layout ?? "nchw";
  const names: PortNames = {
    input: mode === "none" ? "pixel_values" : "images",
    output: softmax ? "probabilities" : "logits",
    features: "features",
    ...options.names,
  };
  checkNames(names);

  const forward = await forwardGraph(model, { opset, batch, layout, softmax, features, names });
  const graph =
    mode === "none"
      ? forward.graph
      : prependPreprocess(forward.graph, model.preprocess, mode, { opset, name: names.input, batch });
  const info: ModelInfo = {
    opset,
    producer: "vitrine",
    producerVersion: version,
    metadata: metadataOf(model, { inGraph: mode, layout, softmax }),
    constantNames: forward.names,
  };
  return { graph, info };
}

async function writeData(graph: Graph, path: string) {
  const file = `${path}.data`;
  const { ranges, pieces, bytes } = placeExternal(graph.constants);
  await writeFileAtomic(file, pieces());
  return { path: file, bytes, external: { location: basename(file), ranges } };
}

function summary({ name, value, symbols }: Graph["inputs"][number]): PortSummary {
  return { name, dtype: value.dtype, shape: value.shape.map((d, axis) => symbols?.[axis] ?? d) };
}

function checkBatch(batch: number | "dynamic"): void {
  if (batch === "dynamic" || (Number.isInteger(batch) && batch > 0)) return;
  throw new VitrineError("export", `batch must be "dynamic" or 1 or more, found ${batch}`, { usage: true });
}

function checkModel(model: Model, softmax: boolean): void {
  const { numClasses } = model.config;
  if (softmax && numClasses === 0)
    throw new VitrineError("export", `${model.name} has no classes to give probabilities of`, { usage: true });
  if (model.classes !== undefined && numClasses > 0 && model.classes.length !== numClasses) {
    const message = `${model.name} has ${numClasses} outputs and ${model.classes.length} class names`;
    throw new VitrineError("export", message);
  }
}

function checkNames(names: PortNames): void {
  const all = Object.values(names);
  if (all.every((name) => name !== "") && new Set(all).size === all.length) return;
  throw new VitrineError("export", `names must differ and not be empty, found ${all.join(", ")}`, { usage: true });
}

/** Of this package. */
const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
