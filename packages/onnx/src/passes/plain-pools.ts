// Maxima without their positions, and without a look for NaN: ONNX Runtime then takes vectors, stays in blocks of channels,
// and reads the image once.

import type { Graph, Value } from "../graph.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

/**
 * For graphs that only predict: nothing reads where maxima are, and what becomes of NaN is left to ONNX Runtime, as in
 * exported files. TensorFlow.js passes NaN over, which costs a pass over the largest image of a network.
 */
export function plainPools(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    if (node.op !== "MaxPool" || node.outputs.length === 1) return undefined;
    const [max, index] = node.outputs as [Value, Value];
    if (r.uses(index) > 0) return undefined;
    return [r.put("MaxPool", [withNaN(node.inputs[0]!, r)], node.attributes, max.shape, max.dtype)];
  });
}

/** The image before its NaN were replaced. */
function withNaN(image: Value, r: Rewriter): Value {
  const choice = r.producer(image);
  if (choice?.op !== "Where") return image;
  const [test, , source] = choice.inputs as [Value, Value, Value];
  const tested = r.producer(test);
  return tested?.op === "IsNaN" && tested.inputs[0] === source ? source : image;
}
