// `jit` on this backend: one program for each signature of shapes, fed with the arguments' numbers. Arguments that are fixed
// are constants of the program, which is made anew when other tensors are given for them.

import { tf, VitrineError } from "@vitrine/core";
import type { OnnxBackend } from "./backend.ts";
import { type DType, type Graph, type HostData, Value } from "./graph.ts";
import { optimise, optimiseInference } from "./passes/index.ts";
import { replaceInputs } from "./passes/rewrite.ts";
import { splitWeights } from "./passes/split-weights.ts";
import { createLocalProgram } from "./processor.ts";
import { closeOver, createProgram, type Program, port } from "./program.ts";

interface Compiled {
  /** From all arguments, then what was captured, to the results. */
  graph: Graph;
  captured: HostData[];
  program: Program | undefined;
  /** Which tensors the program holds at the fixed arguments' places; empty where it is fed with them. */
  holds: readonly object[];
  /** Puts the results, in order, in the place they had in what the function returned. */
  rebuild(results: tf.Tensor[]): unknown;
}

/** The tensors of a call's arguments. */
interface Call {
  inputs: tf.Tensor[];
  /** Whether an input belongs to a fixed argument. */
  isFixed: boolean[];
  rebuildArgs(tensors: readonly tf.Tensor[]): unknown[];
}

/** Fixed arguments of more bytes than this stay inputs: a program that holds them would not fit in one protobuf message. */
const mostHeld = 2 ** 30;

const programs = new WeakMap<object, Map<string, Compiled>>();

/** Calls `fn` through its program for these arguments, made on the first call. */
export function compileCall(
  backend: OnnxBackend,
  cache: object,
  fn: (...args: never[]) => unknown,
  args: unknown[],
  fixed: readonly number[],
): unknown {
  const call = readCall(args, fixed);
  const signature = `${JSON.stringify(describe(args))}`;
  const known = programs.get(cache) ?? new Map<string, Compiled>();
  programs.set(cache, known);

  let compiled = known.get(signature);
  if (compiled === undefined) {
    compiled = compile(backend, (tensors) => fn(...(call.rebuildArgs(tensors) as never[])), call.inputs);
    known.set(signature, compiled);
  }
  const held = heldBy(call);
  if (compiled.program === undefined || !same(compiled.holds, held.map(identityOf))) {
    // Programs for other shapes hold the same tensors; what no longer comes is not kept alive by them.
    for (const other of known.values()) if (other.holds.length > 0) release(other);
    bind(backend, compiled, call, held);
  }
  const fed = held.length === 0 ? call.inputs : call.inputs.filter((_, i) => !call.isFixed[i]);
  const feeds = fed.map((tensor) => backend.hostData(backend.symOf(tensor)));
  const results = compiled.program!.run([...feeds, ...(held.length === 0 ? compiled.captured : [])]);
  return compiled.rebuild(
    compiled.graph.outputs.map(({ value }, i) => backend.tensorFrom(results[i]!, value.shape, value.dtype)),
  );
}

/** Frees the programs of a compiled function. */
export function disposeCompiled(cache: object): void {
  for (const compiled of programs.get(cache)?.values() ?? []) release(compiled);
  programs.delete(cache);
}

function release(compiled: Compiled): void {
  compiled.program?.dispose();
  compiled.program = undefined;
  compiled.holds = [];
}

function readCall(args: unknown[], fixed: readonly number[]): Call {
  const inputs: tf.Tensor[] = [];
  const isFixed: boolean[] = [];
  const parts = args.map((arg, position) => {
    const part = flatten(arg, inputs);
    while (isFixed.length < inputs.length) isFixed.push(fixed.includes(position));
    return part;
  });
  return { inputs, isFixed, rebuildArgs: (tensors) => parts.map((part) => part(tensors)) };
}

/** The fixed tensors that a program is to hold: all of them, or none where they are too large. */
function heldBy({ inputs, isFixed }: Call): tf.Tensor[] {
  const held = inputs.filter((_, i) => isFixed[i]);
  const bytes = held.reduce((sum, tensor) => sum + tensor.size * 4, 0);
  return bytes <= mostHeld ? held : [];
}

/** What tells whether a tensor is the one given before: tensors that share their data are the same. */
const identityOf = (tensor: tf.Tensor): object => tensor.dataId;

function same(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** Makes the program: with constants in the place of the tensors it holds, or with inputs for everything. */
function bind(backend: OnnxBackend, compiled: Compiled, { inputs, isFixed }: Call, held: readonly tf.Tensor[]): void {
  const { graph, captured } = compiled;
  if (held.length === 0) {
    compiled.program = createLocalProgram(optimise(graph), backend.options);
    return;
  }
  const constants = new Map<Value, Value>();
  const hold = ({ value }: Graph["inputs"][number], data: HostData) =>
    constants.set(value, new Value(value.shape, value.dtype, { data }));
  inputs.forEach((tensor, i) => {
    if (isFixed[i]) hold(graph.inputs[i]!, backend.hostData(backend.symOf(tensor)));
  });
  captured.forEach((data, i) => {
    hold(graph.inputs[inputs.length + i]!, data);
  });
  const bound = splitWeights(optimiseInference(replaceInputs(graph, constants)));
  compiled.program = createProgram(bound, { optimization: "all", ...backend.options });
  compiled.holds = held.map(identityOf);
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
    const closed = closeOver(
      values.map((value, i) => port("x", i, value)),
      made,
    );
    for (const tensor of ports) tensor.dispose();
    disposeSymbols(backend, outputs);
    return { ...closed, program: undefined, holds: [], rebuild };
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
