// The only import of onnxruntime-node. Runs are synchronous through the package's own binding (its public `run` is the
// same call behind a timer); the binding's place is internal, hence the pinned version.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { VitrineError } from "@vitrine/core";
import type { DType, HostData } from "./graph.ts";

const require = createRequire(import.meta.url);

/** ONNX Runtime's execution providers that can be asked for by name. */
export type Provider = "cpu" | "cuda" | "tensorrt" | "webgpu" | "coreml" | "dml";

export interface SessionOptions {
  /** Devices in order of preference. Default `["cpu"]`. */
  providers?: readonly Provider[];
  /** Threads of one operator. Default: all cores. */
  threads?: number;
  /**
   * How far ONNX Runtime rewrites the graph. Default `basic`: training steps as fast as with `all`, and opens sooner. Where
   * weights are constants `all` predicts up to 2.8 times as fast, since it lays them out for the processor.
   */
  optimization?: "disabled" | "basic" | "extended" | "all";
  /** Plan memory ahead: needs more of it for the same speed. Default false. */
  memoryPattern?: boolean;
  /** Writes ONNX Runtime's profile to files that begin so. */
  profile?: string;
  /** Keep the session's threads waiting for work between operators. Default true: off costs speed. */
  spinning?: boolean;
}

interface OrtTensor {
  readonly data: HostData;
  readonly dims: readonly number[];
}
interface NativeSession {
  loadModel(path: string, options: object): void;
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor | null>,
    options: object,
  ): Record<string, OrtTensor>;
  endProfiling(): void;
  dispose(): void;
}
interface Binding {
  InferenceSession: new () => NativeSession;
  listSupportedBackends(): { name: string; bundled: boolean }[];
}
type TensorClass = new (type: string, data: HostData, dims: readonly number[]) => OrtTensor;

let runtime: { binding: Binding; Tensor: TensorClass } | undefined;

function load(): { binding: Binding; Tensor: TensorClass } {
  if (runtime === undefined) {
    try {
      const { binding, initOrt } = require("onnxruntime-node/dist/binding.js") as { binding: Binding; initOrt(): void };
      initOrt();
      runtime = { binding, Tensor: (require("onnxruntime-common") as { Tensor: TensorClass }).Tensor };
    } catch (cause) {
      const { version } = require("onnxruntime-node/package.json") as { version: string };
      const message = `onnxruntime-node ${version} cannot be loaded on ${process.platform} ${process.arch}, Node ${process.version}. Run \`vitrine doctor\` to see what is there`;
      throw new VitrineError("onnx", message, { cause });
    }
  }
  return runtime;
}

/** Providers of the installed onnxruntime-node, by its own names. */
export function availableProviders(): Provider[] {
  return load()
    .binding.listSupportedBackends()
    .map(({ name }) => name as Provider);
}

/** A loaded program. Not for use from several threads. */
export interface Session {
  /** Runs once. Feeds and preallocated results are host arrays by name; gives the results by name. */
  run(
    feeds: ReadonlyMap<string, FeedArray>,
    results: ReadonlyMap<string, FeedArray | undefined>,
  ): Map<string, HostData>;
  dispose(): void;
}

export interface FeedArray {
  data: HostData;
  shape: readonly number[];
  dtype: DType;
}

/** Opens a model: bytes, or the path of a file (needed where its weights lie in a second file). */
export function openSession(model: Uint8Array | string, options: SessionOptions = {}): Session {
  const { binding, Tensor } = load();
  const providers = options.providers ?? ["cpu"];
  const missing = providers.filter((name) => name !== "cpu" && !availableProviders().includes(name));
  if (missing.length > 0) {
    const message = `no provider ${missing.join(", ")} in the installed onnxruntime-node; it has ${availableProviders().join(", ")}`;
    throw new VitrineError("onnx", message, { usage: true });
  }
  const native = new binding.InferenceSession();
  const settings = {
    executionProviders: [...providers],
    intraOpNumThreads: options.threads ?? availableParallelism(),
    graphOptimizationLevel: options.optimization ?? "basic",
    enableMemPattern: options.memoryPattern ?? false,
    logSeverityLevel: 3,
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    // Threads that go on spinning after a run take the processor from whoever comes next.
    extra: {
      session: {
        force_spinning_stop: "1",
        ...(options.spinning === false ? { intra_op: { allow_spinning: "0" } } : {}),
      },
    },
  };
  if (typeof model === "string") native.loadModel(model, settings);
  else native.loadModel(model.buffer, model.byteOffset, model.byteLength, settings);

  const tensor = ({ data, shape, dtype }: FeedArray) => new Tensor(dtype, data, shape);
  return {
    run(feeds, results) {
      const inputs: Record<string, OrtTensor> = {};
      for (const [name, feed] of feeds) inputs[name] = tensor(feed);
      const outputs: Record<string, OrtTensor | null> = {};
      for (const [name, place] of results) outputs[name] = place === undefined ? null : tensor(place);
      const found = native.run(inputs, outputs, {});
      return new Map([...results.keys()].map((name) => [name, found[name]!.data]));
    },
    dispose() {
      if (options.profile !== undefined) native.endProfiling();
      native.dispose();
    },
  };
}
