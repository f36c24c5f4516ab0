// Outputs without the Reshape in front of them. ONNX Runtime copies to reshape into an array of the caller's, and the array
// is read without a shape.

import type { Graph, Value } from "../graph.ts";
import { prune } from "./rewrite.ts";

/** The graph with outputs in the shape they had before they were last reshaped: the same elements in the same order. */
export function bareOutputs(graph: Graph): Graph {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node])));
  const taken = new Set(graph.outputs.map(({ value }) => value));
  const outputs = graph.outputs.map((port) => {
    const node = producers.get(port.value);
    const source: Value | undefined = node?.op === "Reshape" ? node.inputs[0] : undefined;
    // An input or constant would have to be copied all the same.
    if (source === undefined || !producers.has(source) || taken.has(source)) return port;
    taken.add(source);
    return { ...port, value: source };
  });
  return prune({ ...graph, outputs });
}
