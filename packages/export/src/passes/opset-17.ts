// A graph of operator set 18 as one of 17. In 18 the axes of reductions became an input, as those of ReduceSum had been
// since 13; the other operators that are written differ in nothing.

import { VitrineError } from "@vitrine/core";
import type { Graph, Value } from "@vitrine/onnx";

type Node = Graph["nodes"][number];

const withAxes = new Set(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"]);
/** Operators that 17 does not have, and for which nothing takes their place here. */
const newer = new Set([
  "BitwiseAnd",
  "BitwiseOr",
  "BitwiseXor",
  "BitwiseNot",
  "CenterCropPad",
  "Col2Im",
  "Mish",
  "Gelu",
]);

export function toOpset17(graph: Graph): Graph {
  const changed = graph.nodes.map(downgrade);
  const used = new Set([...changed.flatMap((node) => node.inputs), ...graph.outputs.map((port) => port.value)]);
  return { ...graph, nodes: changed, constants: graph.constants.filter((value) => used.has(value)) };
}

function downgrade(node: Node): Node {
  if (newer.has(node.op)) {
    const message = `operator ${node.op} does not exist in opset 17; export with opset 18 or newer`;
    throw new VitrineError("export", message, { usage: true });
  }
  const axes = node.inputs[1];
  if (!withAxes.has(node.op) || axes === undefined) return node;
  return { ...node, inputs: node.inputs.slice(0, 1), attributes: { ...node.attributes, axes: numbers(node, axes) } };
}

function numbers(node: Node, value: Value): number[] {
  if (value.data === undefined)
    throw new VitrineError("export", `the axes of a ${node.op} are computed; opset 17 needs them to be known`);
  return Array.from(value.data as BigInt64Array, Number);
}
