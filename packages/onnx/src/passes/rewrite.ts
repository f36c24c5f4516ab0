// How passes change a graph: node by node, in order, with what came before already changed. A graph is never changed in
// place; nodes that nothing reads any more fall away.

import { type Attributes, type DType, type Graph, type Node, Value } from "../graph.ts";

/** What a pass may look at and add to while it stands at a node. */
export interface Rewriter {
  /** The node that makes a value, as rewritten so far. */
  producer(value: Value): Node | undefined;
  /** True where a value depends on constants alone. */
  isKnown(value: Value): boolean;
  /** How often a value is read, by nodes and as an output. */
  uses(value: Value): number;
  /** Puts a node with one output in front of the current one. */
  put(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    shape: readonly number[],
    dtype?: DType,
  ): Value;
}

/**
 * Looks at each node with its inputs already replaced. The rule gives values to take the place of the node's outputs, or
 * nothing to keep it.
 */
export function rewrite(graph: Graph, rule: (node: Node, r: Rewriter) => readonly Value[] | undefined): Graph {
  const replaced = new Map<Value, Value>();
  const producers = new Map<Value, Node>();
  const known = new Map<Value, boolean>(graph.inputs.map(({ value }) => [value, false]));
  const uses = countUses(graph);
  const nodes: Node[] = [];
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  const isKnown = (value: Value): boolean => known.get(value) ?? value.data !== undefined;
  const add = (node: Node): void => {
    nodes.push(node);
    const fromConstants = node.inputs.length > 0 && node.inputs.every((input) => input === undefined || isKnown(input));
    for (const output of node.outputs) {
      producers.set(output, node);
      known.set(output, fromConstants);
    }
  };
  const rewriter: Rewriter = {
    producer: (value) => producers.get(value),
    isKnown,
    uses: (value) => uses.get(value) ?? 0,
    put(op, inputs, attributes, shape, dtype = "float32") {
      const outputs: Value[] = [];
      const node: Node = { op, inputs, attributes, outputs };
      outputs.push(new Value(shape, dtype, { from: node }));
      add(node);
      return outputs[0]!;
    },
  };
  for (const original of graph.nodes) {
    const inputs = original.inputs.map((input) => input && resolve(input));
    const node = inputs.some((input, i) => input !== original.inputs[i]) ? { ...original, inputs } : original;
    const result = rule(node, rewriter);
    if (result === undefined) add(node);
    else
      result.forEach((value, i) => {
        const old = node.outputs[i]!;
        replaced.set(old, value);
        uses.set(value, (uses.get(value) ?? 0) + (uses.get(old) ?? 0));
      });
  }
  const outputs = graph.outputs.map((port) => ({ ...port, value: resolve(port.value) }));
  return prune({ ...graph, outputs, nodes });
}

function countUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const count = (value: Value | undefined) => value && uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const { value } of graph.outputs) count(value);
  return uses;
}

/** The graph without nodes and constants that no output needs. */
export function prune(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ value }) => value));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input !== undefined) needed.add(input);
  }
  nodes.reverse();
  // Constants in order of first use, those that were added included.
  const fed = new Set(graph.inputs.map(({ value }) => value));
  const constants = new Set<Value>();
  const consider = (value: Value | undefined) => {
    if (value?.data !== undefined && !fed.has(value)) constants.add(value);
  };
  for (const node of nodes) node.inputs.forEach(consider);
  for (const { value } of graph.outputs) consider(value);
  return { ...graph, nodes, constants: [...constants] };
}

/** The graph with other values in the place of inputs, which are inputs no longer. */
export function replaceInputs(graph: Graph, replaced: ReadonlyMap<Value, Value>): Graph {
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => input && resolve(input)) }));
  return prune({
    ...graph,
    inputs: graph.inputs.filter(({ value }) => !replaced.has(value)),
    outputs: graph.outputs.map((port) => ({ ...port, value: resolve(port.value) })),
    nodes,
  });
}
