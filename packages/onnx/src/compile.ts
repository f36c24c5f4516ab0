// `jit` on this backend: one program for each signature of shapes, fed with the arguments' numbers.

import { tf, VitrineError } from "@vitrine/core";
import type { OnnxBackend } from "./backend.ts";
import type { DType, HostData } from "./graph.ts";
import { optimise } from "./passes/index.ts";
import { closeOver, createProgram, type Program, port } from "./program.ts";

interface Compiled {
  program: Program;
  captured: HostData[];
  /** Puts the results, in order, in the place they had in what the function returned. */
  rebuild(results: tf.Tensor[]): unknown;
}

const programs = new WeakMap<object, Map<string, Compiled>>();

/** Calls `fn` through its program for these arguments, made on the first call. */
export function compileCall(
  backend: OnnxBackend,
  cache: object,
  fn: (...args: never[]) => unknown,
  args: unknown[],
): unknown {
  const inputs: tf.Tensor[] = [];
  const rebuildArgs = flatten(args, inputs);
  const signature = `${JSON.stringify(describe(args))}`;
  const known = programs.get(cache) ?? new Map<string, Compiled>();
  programs.set(cache, known);

  let compiled = known.get(signature);
  if (compiled === undefined) {
    compiled = compile(backend, (tensors) => fn(...(rebuildArgs(tensors) as never[])), inputs);
    known.set(signature, compiled);
  }
  const feeds = inputs.map((tensor) => backend.hostData(backend.symOf(tensor)));
  const results = compiled.program.run([...feeds, ...compiled.captured]);
  return compiled.rebuild(
    compiled.program.graph.outputs.map(({ value }, i) => backend.tensorFrom(results[i]!, value.shape, value.dtype)),
  );
}

function compile(backend: OnnxBackend, call: (tensors: tf.Tensor[]) => unknown, inputs: tf.Tensor[]): Compiled {
  const types = inputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as DType }));
  return backend.record(types, (tensors, builder, values) => {
    const outputs: tf.Tensor[] = [];
    let rebuild!: (results: tf.Tensor[]) => unknown;
    const ports = tf.tidy(() => {
      rebuild = flatten(call(tensors), outputs);
      return outputs.map((tensor) => tensor.clone());
    });
    const made = ports.map((tensor, i) => port("y", i, builder.value(backend.symOf(tensor))));
    const { graph, captured } = closeOver(
      values.map((value, i) => port("x", i, value)),
      made,
    );
    for (const tensor of ports) tensor.dispose();
    disposeSymbols(backend, outputs);
    return { program: createProgram(optimise(graph), backend.options), captured, rebuild };
  });
}

/**
 * Lets go of what a recording gave, also of what was kept inside it (running statistics, intermediates). A tensor from
 * outside that was given back as it is has numbers, and stays.
 */
export function disposeSymbols(backend: OnnxBackend, tensors: readonly tf.Tensor[]): void {
  for (const tensor of tensors)
    if (!tensor.isDisposed && backend.symOf(tensor).origin.value.data === undefined) tensor.dispose();
}

/** Collects the tensors of a tree, and gives a function that puts others in their places. */
function flatten(tree: unknown, into: tf.Tensor[]): (tensors: readonly tf.Tensor[]) => unknown {
  if (tree instanceof tf.Tensor) {
    const index = into.push(tree) - 1;
    return (tensors) => tensors[index];
  }
  if (Array.isArray(tree)) {
    const parts = tree.map((child) => flatten(child, into));
    return (tensors) => parts.map((part) => part(tensors));
  }
  if (tree instanceof Map) {
    const parts = [...tree].map(([key, child]) => [key, flatten(child, into)] as const);
    return (tensors) => new Map(parts.map(([key, part]) => [key, part(tensors)]));
  }
  if (typeof tree === "object" && tree !== null) {
    const parts = Object.entries(tree).map(([key, child]) => [key, flatten(child, into)] as const);
    return (tensors) => Object.fromEntries(parts.map(([key, part]) => [key, part(tensors)]));
  }
  return () => tree;
}

/** What two calls must have in common to share a program. */
function describe(tree: unknown): unknown {
  if (tree instanceof tf.Tensor) return `${tree.dtype}[${tree.shape}]`;
  if (typeof tree === "function")
    throw new VitrineError("jit", "a function cannot be an argument of a compiled function");
  if (Array.isArray(tree)) return tree.map(describe);
  if (tree instanceof Map) return [...tree].map(([key, child]) => [key, describe(child)]);
  if (typeof tree === "object" && tree !== null)
    return Object.entries(tree).map(([key, child]) => [key, describe(child)]);
  return tree ?? null;
}
