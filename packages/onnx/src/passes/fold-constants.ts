// Nodes whose inputs are all known are computed once, now, where the result is no larger than what it is made from: slices
// and transposes of parameters in an exported file, arithmetic on shapes. ONNX Runtime computes them.

import { type Graph, type Node, Value } from "../graph.ts";
import { createProgram } from "../program.ts";
import { prune, rewrite } from "./rewrite.ts";

/** Results up to this many elements are always worth having. */
const small = 1024;

/**
 * @param onFold told of each new constant, and of the constants it was made from
 */
export function foldConstants(
  graph: Graph,
  onFold: (made: Value, sources: ReadonlySet<Value>) => void = () => {},
): Graph {
  const constants = new Set(graph.constants);
  /** Values that are known, and what they come from. */
  const origins = new Map<Value, ReadonlySet<Value>>();
  const originsOf = (value: Value) => (constants.has(value) ? new Set([value]) : origins.get(value));
  const foldable = graph.nodes.filter((node) => {
    const sources = node.inputs.filter((input) => input !== undefined).map(originsOf);
    if (sources.includes(undefined) || !worthIt(node)) return false;
    for (const output of node.outputs) origins.set(output, new Set(sources.flatMap((source) => [...source!])));
    return true;
  });
  if (foldable.length === 0) return graph;

  const inside = new Set(foldable);
  const read = new Set(graph.nodes.filter((node) => !inside.has(node)).flatMap((node) => node.inputs));
  for (const { value } of graph.outputs) read.add(value);
  const wanted = [...origins.keys()].filter((value) => read.has(value));
  const outputs = wanted.map((value, i) => ({ name: `y${i}`, value }));
  const program = createProgram(prune({ inputs: [], outputs, nodes: foldable, constants: [] }), {
    optimization: "disabled",
  });
  const results = program.run([]);
  program.dispose();

  const values = new Map(
    wanted.map((value, i) => [value, new Value(value.shape, value.dtype, { data: results[i]!, literal: true })]),
  );
  for (const [value, made] of values) onFold(made, origins.get(value)!);
  // By its outputs: a node that reads a folded one is another object by now.
  return rewrite(graph, (node) =>
    origins.has(node.outputs[0]!) ? node.outputs.map((output) => values.get(output) ?? output) : undefined,
  );
}

function worthIt(node: Node): boolean {
  const size = (value: Value | undefined) => value?.shape.reduce((product, d) => product * d, 1) ?? 0;
  const made = node.outputs.reduce((sum, value) => sum + size(value), 0);
  return made <= small || made <= Math.max(...node.inputs.map(size));
}
