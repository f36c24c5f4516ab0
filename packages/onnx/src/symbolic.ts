// A graph whose batch dimension varies, from two traces of fixed size. Where the traces differ in an int64 literal (a shape,
// a slice's end), that literal becomes -1 in a Reshape, or a linear function of the input's own size; where they differ in
// anything else, the function depends on the size in a way that a graph cannot follow.

import { VitrineError } from "@vitrine/core";
import { type Graph, type Node, type Port, Value } from "./graph.ts";

export function mergeTraces(graphs: readonly [Graph, Graph], sizes: readonly [number, number], symbol: string): Graph {
  const [a, b] = graphs;
  if (a.nodes.length !== b.nodes.length || a.constants.length !== b.constants.length)
    throw new VitrineError("trace", `the graph has another structure at ${symbol} ${sizes[0]} than at ${sizes[1]}`);
  a.nodes.forEach((node, i) => {
    const other = b.nodes[i]!;
    if (node.op !== other.op || JSON.stringify(node.attributes) !== JSON.stringify(other.attributes))
      throw new VitrineError("trace", `${node.op} at node ${i} depends on ${symbol}: ${differing(node, other)}`);
  });

  const size = sizeReader(a, b, symbol);
  const replaced = new Map<Value, Value>();
  const added: Node[] = [];
  const constants = new Set(a.constants);
  a.constants.forEach((constant, i) => {
    const other = b.constants[i]!;
    if (equal(constant, other)) return;
    const users = a.nodes.filter((node) => node.inputs.includes(constant));
    const dynamic = follow(constant, other, sizes, users, symbol);
    if (Array.isArray(dynamic)) {
      const value = literal(dynamic);
      constants.add(value);
      replaced.set(constant, value);
    } else {
      const { slope, offset } = dynamic;
      const [scale, shift] = [literal(slope), literal(offset)];
      const scaled = node("Mul", [size.value, scale], [slope.length]);
      const sum = node("Add", [scaled.outputs[0]!, shift], [slope.length]);
      added.push(scaled, sum);
      for (const value of [scale, shift]) constants.add(value);
      replaced.set(constant, sum.outputs[0]!);
    }
    constants.delete(constant);
  });

  // Nodes are not changed in place: the outputs' values stay, so the rest of the graph need not know.
  const nodes = a.nodes.map((n) => {
    if (!n.inputs.some((input) => input !== undefined && replaced.has(input))) return n;
    return { ...n, inputs: n.inputs.map((input) => (input === undefined ? input : (replaced.get(input) ?? input))) };
  });
  const used = added.length > 0 ? [...size.nodes, ...added] : [];
  if (added.length > 0) for (const value of size.constants) constants.add(value);
  return {
    inputs: withSymbols(a.inputs, b.inputs, symbol),
    outputs: withSymbols(a.outputs, b.outputs, symbol),
    nodes: [...used, ...nodes],
    constants: [...constants],
  };
}

/** Nodes that read the size from the first input that has it; int64 [1]. */
function sizeReader(a: Graph, b: Graph, symbol: string): { value: Value; nodes: Node[]; constants: Value[] } {
  for (const [i, { value }] of a.inputs.entries()) {
    const axis = value.shape.findIndex((d, k) => d !== b.inputs[i]!.value.shape[k]);
    if (axis < 0) continue;
    const shape = node("Shape", [value], [value.shape.length]);
    const index = literal([axis]);
    const gather = node("Gather", [shape.outputs[0]!, index], [1], { axis: 0 });
    return { value: gather.outputs[0]!, nodes: [shape, gather], constants: [index] };
  }
  throw new VitrineError("trace", `no input has the dimension ${symbol}`);
}

/** How a literal follows the size: the values with -1 where a Reshape may infer, or a linear function. */
function follow(
  a: Value,
  b: Value,
  sizes: readonly [number, number],
  users: readonly Node[],
  symbol: string,
): number[] | { slope: number[]; offset: number[] } {
  if (a.dtype !== "int64" || b.dtype !== "int64" || a.shape.join() !== b.shape.join()) {
    const message = `a constant of shape [${a.shape}] read by ${users[0]?.op ?? "an output"} depends on ${symbol} (at another size it is [${b.shape}])`;
    throw new VitrineError("trace", message);
  }
  const [first, second] = [numbers(a), numbers(b)];
  const differs = first.map((v, i) => v !== second[i]);
  if (differs.filter(Boolean).length === 1 && users.every((user) => user.op === "Reshape"))
    return first.map((v, i) => (differs[i] ? -1 : v));
  const slope = first.map((v, i) => (second[i]! - v) / (sizes[1] - sizes[0]));
  if (slope.some((s) => !Number.isInteger(s)))
    throw new VitrineError("trace", `a literal of ${users[0]?.op} does not grow evenly with ${symbol}`);
  return { slope, offset: first.map((v, i) => v - slope[i]! * sizes[0]) };
}

function withSymbols(ports: readonly Port[], others: readonly Port[], symbol: string): Port[] {
  return ports.map((port, i) => {
    const other = others[i]!.value.shape;
    const varying = port.value.shape.flatMap((d, axis) => (d === other[axis] ? [] : [[axis, symbol] as const]));
    return varying.length === 0 ? port : { ...port, symbols: Object.fromEntries(varying) };
  });
}

function node(op: string, inputs: readonly Value[], shape: readonly number[], attributes = {}): Node {
  const outputs: Value[] = [];
  const made: Node = { op, inputs, attributes, outputs };
  outputs.push(new Value(shape, "int64", { from: made }));
  return made;
}

function literal(values: readonly number[]): Value {
  const data = BigInt64Array.from(values, (v) => BigInt(v));
  return new Value([values.length], "int64", { data, literal: true });
}

function numbers(value: Value): number[] {
  return Array.from(value.data as BigInt64Array, Number);
}

function equal(a: Value, b: Value): boolean {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  return a.data === b.data || a.data!.every((v, i) => Object.is(v, b.data![i]));
}

function differing(a: Node, b: Node): string {
  return Object.keys(a.attributes)
    .filter((key) => JSON.stringify(a.attributes[key]) !== JSON.stringify(b.attributes[key]))
    .map((key) => `${key} is ${JSON.stringify(a.attributes[key])} and ${JSON.stringify(b.attributes[key])}`)
    .join(", ");
}
