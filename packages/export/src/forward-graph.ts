// The forward pass of a model as a graph of plain ONNX operators: traced, its constants folded, its parameters named.

import { inference, leaves, type Model, mapLeaves, tf, VitrineError } from "@vitrine/core";
import {
  backendName,
  type Graph,
  NCHW,
  type OnnxBackend,
  type TraceOutput,
  trace,
  useOnnx,
  type Value,
} from "@vitrine/onnx";
import { nameConstants } from "./passes/name-constants.ts";
import { toOpset17 } from "./passes/opset-17.ts";

/** Operator sets that files are written for. */
export const oldestOpset = 17;
export const newestOpset = 23;

/** Order of the axes of a float input: [N, C, H, W] as PyTorch feeds it, or [N, H, W, C]. */
export type InputLayout = "nchw" | "nhwc";

export interface ForwardOptions {
  opset: number;
  batch: number | "dynamic";
  layout: InputLayout;
  /** Probabilities in place of logits. */
  softmax: boolean;
  /** A second output: what the classifier reads. */
  features: boolean;
  names: PortNames;
}

export interface PortNames {
  input: string;
  output: string;
  features: string;
}

export interface ForwardGraph {
  graph: Graph;
  /** The parameters' checkpoint keys, by the constant that holds them. */
  names: Map<Value, string>;
}

/** The name of the dimension that varies. */
export const batchSymbol = "batch";

/** The graph from normalised images to logits (or probabilities), with every parameter a named constant of it. */
export async function forwardGraph(model: Model, options: ForwardOptions): Promise<ForwardGraph> {
  return withOnnx(model, (backend, params) => {
    const traced = traceForward(model, params, options);
    const keys = new Map(leaves(params).map(([path, tensor]) => [backend.symOf(tensor).origin.value, path]));
    const { graph, names } = nameConstants(traced, keys);
    return { graph: options.opset < 18 ? toOpset17(graph) : graph, names };
  });
}

function traceForward(model: Model, params: object, options: ForwardOptions): Graph {
  const [height, width] = model.preprocess.size;
  const size = options.batch === "dynamic" ? batchSymbol : options.batch;
  const input = {
    name: options.names.input,
    shape: [size, height, width, model.config.inChans],
    ...(options.layout === "nchw" ? { perm: NCHW } : {}),
  };
  const forward = (images: tf.Tensor): TraceOutput[] => {
    const { logits, features } = outputsOf(model, images as tf.Tensor4D, params, options.features);
    const scores = { name: options.names.output, tensor: options.softmax ? tf.softmax(logits) : logits };
    return features === undefined ? [scores] : [scores, { name: options.names.features, tensor: features }];
  };
  return trace(forward as (...inputs: tf.Tensor[]) => TraceOutput[], [input], {
    portable: true,
    opset: options.opset,
    // The passes run where the names of constants are known.
    optimise: false,
  });
}

/** Logits by the cheapest way, or with the features they come from. */
function outputsOf(
  model: Model,
  images: tf.Tensor4D,
  params: object,
  withFeatures: boolean,
): { logits: tf.Tensor2D; features?: tf.Tensor2D } {
  if (!withFeatures) return { logits: model.logits(images, inference, params) };
  const unpooled = model.features(images, inference, params);
  const features = model.head(unpooled, inference, { preLogits: true }, params);
  return { logits: model.head(unpooled, inference, {}, params), features };
}

/** Calls `fn` with the `onnx` backend in use and the parameters on it, and brings the former backend back. */
async function withOnnx<T>(model: Model, fn: (backend: OnnxBackend, params: object) => T): Promise<T> {
  const before = tf.getBackend() as string | undefined;
  if (before === backendName) return fn(tf.backend() as OnnxBackend, model.params);
  const host = new Map(leaves(model.params).map(([path, tensor]) => [path, tensor.dataSync()]));
  const backend = await useOnnx();
  const copies: tf.Tensor[] = [];
  try {
    const params = mapLeaves<object>(model.params, ({ shape, dtype }: tf.Tensor, path) => {
      const copy = tf.tensor(host.get(path)!, shape, dtype);
      copies.push(copy);
      return copy;
    });
    return fn(backend, params);
  } finally {
    for (const copy of copies) copy.dispose();
    if (before !== undefined) await tf.setBackend(before);
  }
}

/** @throws VitrineError where files of this operator set are not written. */
export function checkOpset(opset: number): void {
  if (Number.isInteger(opset) && opset >= oldestOpset && opset <= newestOpset) return;
  const message = `opset must be ${oldestOpset} to ${newestOpset}, found ${opset}`;
  throw new VitrineError("export", message, { usage: true });
}
