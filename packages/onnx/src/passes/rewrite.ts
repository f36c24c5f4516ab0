// How passes change a graph: node by node, in order, with what came before already changed. A graph is never changed in
// place; nodes that nothing reads any more fall away.

import type { Graph, Node, Value } from "../graph.ts";

/** What a pass may look at and add to while it stands at a node. */
export interface Rewriter {
  /** The node that makes a value, as rewritten so far. */
  producer(value: Value): Node | undefined;
  /** Puts a node in front of the current one. */
  add(node: Node): void;
}

/**
 * Looks at each node with its inputs already replaced. The rule gives values to take the place of the node's outputs, or
 * nothing to keep it.
 */
export function rewrite(graph: Graph, rule: (node: Node, r: Rewriter) => readonly Value[] | undefined): Graph {
  const replaced = new Map<Value, Value>();
  const producers = new Map<Value, Node>();
  const nodes: Node[] = [];
  const resolve = (value: Value): Value => replaced.get(value) ?? value;
  const add = (node: Node): void => {
    nodes.push(node);
    for (const output of node.outputs) producers.set(output, node);
  };
  for (const original of graph.nodes) {
    const inputs = original.inputs.map((input) => input && resolve(input));
    const node = inputs.some((input, i) => input !== original.inputs[i]) ? { ...original, inputs } : original;
    const result = rule(node, { producer: (value) => producers.get(value), add });
    if (result === undefined) add(node);
    else
      result.forEach((value, i) => {
        replaced.set(node.outputs[i]!, value);
      });
  }
  const outputs = graph.outputs.map((port) => ({ ...port, value: resolve(port.value) }));
  return prune({ ...graph, outputs, nodes });
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
