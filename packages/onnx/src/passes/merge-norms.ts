// The length of vectors as one node. The square of every number is then never written to memory: what normalises queries
// and keys reads them twice instead of four times.

import type { Graph, Node, Value } from "../graph.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

export function mergeNorms(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    if (node.op !== "Sqrt") return undefined;
    const sum = only("ReduceSum", node.inputs[0], r);
    const square = sum && only("Mul", sum.inputs[0], r);
    if (square === undefined || square.inputs[0] !== square.inputs[1]) return undefined;
    const { shape } = node.outputs[0]!;
    return [r.put("ReduceL2", [square.inputs[0], sum!.inputs[1]], sum!.attributes, shape)];
  });
}

/** The node that makes a value for nobody else. */
function only(op: string, value: Value | undefined, r: Rewriter): Node | undefined {
  const node = value && r.uses(value) === 1 ? r.producer(value) : undefined;
  return node?.op === op ? node : undefined;
}
