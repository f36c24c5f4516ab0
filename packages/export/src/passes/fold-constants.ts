// Work that depends on constants alone, done once, now: parameters that are reshaped or cut become constants of their own
// under their parameter's name. Every runtime does this when it opens a file; doing it here keeps the names in the file.

import { createProgram, type Graph, graphOf, Value } from "@vitrine/onnx";

type Node = Graph["nodes"][number];

/** Constants larger than what they were made from are not worth a place in the file, beyond this many elements. */
const smallEnough = 1024;

/** Names may be given for constants; a folded constant is called by what it came from, `cls_token+pos_embed`. */
export function foldConstants(
  graph: Graph,
  given: ReadonlyMap<Value, string>,
): { graph: Graph; names: Map<Value, string> } {
  const origins = new Map<Value, ReadonlySet<Value>>(graph.constants.map((value) => [value, new Set([value])]));
  const folded = new Set<Node>();
  for (const node of graph.nodes) {
    const sources = node.inputs.map((input) => (input === undefined ? new Set<Value>() : origins.get(input)));
    if (sources.length === 0 || sources.some((source) => source === undefined) || grows(node)) continue;
    folded.add(node);
    for (const output of node.outputs) origins.set(output, new Set(sources.flatMap((source) => [...source!])));
  }
  if (folded.size === 0) return { graph, names: nameConstants(graph, given, origins) };

  const rest = graph.nodes.filter((node) => !folded.has(node));
  const wanted = new Set<Value>();
  const made = new Set([...folded].flatMap((node) => node.outputs));
  const want = (value: Value | undefined): void => {
    if (value !== undefined && made.has(value)) wanted.add(value);
  };
  for (const node of rest) for (const input of node.inputs) want(input);
  for (const port of graph.outputs) want(port.value);

  const known = evaluate([...wanted]);
  const replace = (value: Value): Value => known.get(value) ?? value;
  const nodes = rest.map((node) => {
    if (!node.inputs.some((input) => input !== undefined && known.has(input))) return node;
    return { ...node, inputs: node.inputs.map((input) => (input === undefined ? input : replace(input))) };
  });
  const outputs = graph.outputs.map((port) => ({ ...port, value: replace(port.value) }));
  const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map((port) => port.value)]);
  const constants = [...graph.constants, ...known.values()].filter((value) => used.has(value));
  const result = { ...graph, nodes, outputs, constants };
  for (const [value, constant] of known) origins.set(constant, origins.get(value)!);
  return { graph: result, names: nameConstants(result, given, origins) };
}

function grows(node: Node): boolean {
  const size = (values: readonly (Value | undefined)[]) =>
    values.reduce((sum, value) => sum + (value?.shape.reduce((product, d) => product * d, 1) ?? 0), 0);
  return size(node.outputs) > Math.max(smallEnough, size(node.inputs));
}

function evaluate(values: readonly Value[]): Map<Value, Value> {
  if (values.length === 0) return new Map();
  const ports = values.map((value, i) => ({ name: `y${i}`, value }));
  const program = createProgram(graphOf([], ports), { optimization: "disabled" });
  try {
    const results = program.run([]);
    return new Map(values.map((value, i) => [value, new Value(value.shape, value.dtype, { data: results[i]! })]));
  } finally {
    program.dispose();
  }
}

function nameConstants(
  graph: Graph,
  given: ReadonlyMap<Value, string>,
  origins: ReadonlyMap<Value, ReadonlySet<Value>>,
): Map<Value, string> {
  const names = new Map<Value, string>();
  const uses = new Map<string, number>();
  for (const constant of graph.constants) {
    const sources = origins.get(constant) ?? new Set();
    const keys = [...given].filter(([source]) => sources.has(source)).map(([, key]) => key);
    if (keys.length === 0) continue;
    const key = keys.join("+");
    const count = uses.get(key) ?? 0;
    uses.set(key, count + 1);
    names.set(constant, count === 0 ? key : `${key}.${count}`);
  }
  return names;
}
