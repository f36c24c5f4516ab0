// Nodes whose inputs are all known are computed once, now, where the result is no larger than what it is made from: slices
// and transposes of parameters in an exported file, arithmetic on shapes. ONNX Runtime computes them.

import { type Graph, type Node, Value } from "../graph.ts";
import { createProgram } from "../program.ts";
import { prune, rewrite } from "./rewrite.ts";

/** Results up to this many elements are always worth having. */
const small = 1024;

export function foldConstants(graph: Graph): Graph {
  const fed = new Set(graph.inputs.map(({ value }) => value));
  const known = new Set<Value>();
  const isKnown = (value: Value | undefined) =>
    value === undefined || known.has(value) || (value.data !== undefined && !fed.has(value));
  const foldable = graph.nodes.filter((node) => {
    if (!node.inputs.every(isKnown) || !worthIt(node)) return false;
    for (const output of node.outputs) known.add(output);
    return true;
  });
  if (foldable.length === 0) return graph;

  const inside = new Set(foldable);
  const read = new Set(graph.nodes.filter((node) => !inside.has(node)).flatMap((node) => node.inputs));
  for (const { value } of graph.outputs) read.add(value);
  const wanted = [...known].filter((value) => read.has(value));
  const outputs = wanted.map((value, i) => ({ name: `y${i}`, value }));
  const program = createProgram(prune({ inputs: [], outputs, nodes: foldable, constants: [] }), {
    optimization: "disabled",
  });
  const results = program.run([]);
  program.dispose();

  const values = new Map(
    wanted.map((value, i) => [value, new Value(value.shape, value.dtype, { data: results[i]!, literal: true })]),
  );
  return rewrite(graph, (node) =>
    inside.has(node) ? node.outputs.map((output) => values.get(output) ?? output) : undefined,
  );
}

function worthIt(node: Node): boolean {
  const size = (value: Value | undefined) => value?.shape.reduce((product, d) => product * d, 1) ?? 0;
  const made = node.outputs.reduce((sum, value) => sum + size(value), 0);
  return made <= small || made <= Math.max(...node.inputs.map(size));
}
