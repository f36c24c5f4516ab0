// Moves that follow each other: a Reshape of a Reshape is the second one, a Transpose of a Transpose is their product, and
// one that moves nothing is its input.

import type { Graph, Node, Value } from "../graph.ts";
import { rewrite } from "./rewrite.ts";

export function mergeMoves(graph: Graph): Graph {
  return rewrite(graph, (node, { producer, put }) => {
    const [input] = node.inputs as [Value];
    const before = input && producer(input);
    const [out] = node.outputs as [Value];
    switch (node.op) {
      case "Identity":
        return [input];
      case "Cast":
        return input.dtype === node.outputs[0]!.dtype ? [input] : undefined;
      case "Reshape": {
        // Without allowzero a 0 would copy a dimension of the input, and the input changes here.
        const copies =
          node.attributes.allowzero === undefined && (node.inputs[1]?.data?.some((d) => Number(d) === 0) ?? true);
        const source = before?.op === "Reshape" && !copies ? before.inputs[0]! : input;
        if (keepsShape(source, node)) return [source];
        return source === input
          ? undefined
          : [put("Reshape", [source, node.inputs[1]], node.attributes, out.shape, out.dtype)];
      }
      case "Transpose": {
        const perm = node.attributes.perm as readonly number[];
        const first = before?.op === "Transpose" ? (before.attributes.perm as readonly number[]) : undefined;
        const source = first === undefined ? input : before!.inputs[0]!;
        const total = first === undefined ? perm : perm.map((axis) => first[axis]!);
        if (total.every((axis, i) => axis === i)) return [source];
        return source === input ? undefined : [put("Transpose", [source], { perm: total }, out.shape, out.dtype)];
      }
      default:
        return undefined;
    }
  });
}

/** True where a Reshape gives the shape its input has, whatever the batch: the literal says -1 or the same everywhere. */
function keepsShape(source: Value, node: Node): boolean {
  const wanted = node.inputs[1]?.data;
  if (wanted === undefined || wanted.length !== source.shape.length) return false;
  const open = Array.from(wanted, Number).filter((d) => d === -1).length;
  return open <= 1 && Array.from(wanted, Number).every((d, i) => d === -1 || d === source.shape[i]);
}
