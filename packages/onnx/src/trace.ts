// Tracing: a function of tensors as a graph of named inputs and outputs.

import { tf, VitrineError } from "@vitrine/core";
import { currentBackend } from "./backend.ts";
import type { BuilderOptions } from "./builder.ts";
import { disposeSymbols } from "./compile.ts";
import type { DType, Graph, Port } from "./graph.ts";
import { optimise } from "./passes/index.ts";
import { closeOver } from "./program.ts";
import type { Perm } from "./sym.ts";
import { mergeTraces } from "./symbolic.ts";

export interface TraceInput {
  name: string;
  /** Logical shape. A string names a dimension that may vary; all inputs with that name vary together. */
  shape: readonly (number | string)[];
  dtype?: DType;
  /** The type of the numbers fed, where it is another: `uint8` for bytes that the function sees as int32. */
  feed?: DType;
  /** Physical order of axes in which the input is fed. Logical order when left out. */
  perm?: Perm;
}

export interface TraceOutput {
  name: string;
  tensor: tf.Tensor;
  /** Physical order of axes in which the output is given. Logical order when left out. */
  perm?: Perm;
}

export interface TraceOptions extends BuilderOptions {
  /** Put the graph through the passes. Default true. */
  optimise?: boolean;
}

/** Sizes at which a graph with a varying dimension is traced: both above 1, so that broadcasting does not hide it. */
const samples = [2, 5] as const;

/**
 * The graph of what `fn` does. Tensors that `fn` reads from outside become constants of the graph.
 * A dimension that varies is found by tracing at two sizes; only one name may be used.
 * @throws VitrineError where a constant or attribute depends on the varying dimension in a way that ONNX cannot say.
 */
export function trace(
  fn: (...inputs: tf.Tensor[]) => readonly TraceOutput[],
  inputs: readonly TraceInput[],
  { optimise: passes = true, ...options }: TraceOptions = {},
): Graph {
  const graph = record(fn, inputs, options);
  return passes ? optimise(graph) : graph;
}

function record(
  fn: (...inputs: tf.Tensor[]) => readonly TraceOutput[],
  inputs: readonly TraceInput[],
  options: BuilderOptions,
): Graph {
  const symbols = new Set(inputs.flatMap(({ shape }) => shape.filter((d) => typeof d === "string")));
  if (symbols.size === 0) return traceAt(fn, inputs, undefined, options);
  if (symbols.size > 1) throw new VitrineError("trace", `one dimension may vary, found ${[...symbols].join(" and ")}`);
  const [symbol] = symbols as Set<string>;
  const graphs = samples.map((size) => traceAt(fn, inputs, size, options)) as [Graph, Graph];
  return mergeTraces(graphs, samples, symbol!);
}

function traceAt(
  fn: (...inputs: tf.Tensor[]) => readonly TraceOutput[],
  inputs: readonly TraceInput[],
  size: number | undefined,
  options: BuilderOptions,
): Graph {
  const backend = currentBackend();
  const types = inputs.map(({ name: _, shape, dtype = "float32", ...form }) => ({
    ...form,
    shape: shape.map((d) => (typeof d === "string" ? size! : d)),
    dtype,
  }));
  return backend.record(
    types,
    (tensors, builder, values) => {
      let described: readonly TraceOutput[] = [];
      const kept = tf.tidy(() => {
        described = fn(...tensors);
        return described.map(({ tensor }) => tensor.clone());
      });
      const outputs: Port[] = described.map(({ name, perm }, i) => {
        const sym = backend.symOf(kept[i]!);
        return { name, value: perm === undefined ? builder.value(sym) : builder.as(sym, perm) };
      });
      for (const tensor of kept) tensor.dispose();
      disposeSymbols(
        backend,
        described.map(({ tensor }) => tensor),
      );
      const ports = inputs.map(({ name }, i) => ({ name, value: values[i]! }));
      return closeOver(ports, outputs, Number.POSITIVE_INFINITY).graph;
    },
    options,
  );
}
