// A tensor that is repeated only to meet another one need not be: elementwise operators repeat by themselves. The gradients of
// means and of gates over an image are full of such repetitions, each a pass over memory.

import type { Graph, Node, Value } from "../graph.ts";
import { count } from "./affine.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

const elementwise = new Set(["Add", "Div", "Mul", "Sub"]);

/** For graphs whose dimensions are all known. */
export function broadcastLate(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    if (!elementwise.has(node.op)) return undefined;
    const value = meet(node, 0, r) ?? meet(node, 1, r);
    return value && [value];
  });
}

/** The node with what its input at `place` was before it was repeated. */
function meet(node: Node, place: 0 | 1, r: Rewriter): Value | undefined {
  const [out] = node.outputs as [Value];
  const repeated = node.inputs[place]!;
  const expand = r.producer(repeated);
  if (expand?.op !== "Expand") return undefined;
  const [small, shape] = expand.inputs as [Value, Value];
  const other = node.inputs[1 - place]!;
  const inputs = place === 0 ? [small, other] : [other, small];
  if (other.shape.join() === out.shape.join()) return r.put(node.op, inputs, node.attributes, out.shape, out.dtype);
  // A number for all elements meets the few before they become many.
  if (count(other.shape) !== 1 || other.shape.length > small.shape.length) return undefined;
  if (repeated.shape.join() !== out.shape.join()) return undefined;
  const few = r.put(node.op, inputs, node.attributes, small.shape, out.dtype);
  return r.put("Expand", [few, shape], {}, out.shape, out.dtype);
}
