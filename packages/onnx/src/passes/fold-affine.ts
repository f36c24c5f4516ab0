// Factors and terms that are constants, such as those of a batch norm that only predicts, become part of the weights of the
// convolution or matrix product before them. Of a chain that follows something else, one factor and one term are left.

import type { Graph, Node, Value } from "../graph.ts";
import { affineOf, along, axisBefore, axisOf, count, ints, shaped } from "./affine.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

export function foldAffine(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    const step = affineOf(node, r);
    const result = step && (step.kind === "scale" ? scaled : shifted)(step.x, step.by(), r);
    return result && [result];
  });
}

/** `x · by`, where something before it can take the factor. */
function scaled(x: Value, by: Value, r: Rewriter): Value | undefined {
  const node = r.producer(x);
  if (node === undefined || r.uses(x) > 1) return undefined;
  const step = affineOf(node, r);
  if (step !== undefined) {
    const total = both("Mul", step.by(), by, r);
    if (total === undefined) return undefined;
    if (step.kind === "scale") return r.put("Mul", [step.x, total], {}, x.shape);
    const inner = scaled(step.x, by, r);
    return inner && r.put("Add", [inner, total], {}, x.shape);
  }
  const axis = axisOf(by, x.shape.length);
  if (axis === undefined) return undefined;
  if (node.op === "Conv") return axis === 1 || axis === "none" ? scaledConv(node, by, r) : undefined;
  if (node.op === "MatMul") return scaledProduct(node, by, axis, r);
  return throughMove(node, by, axis, scaled, r);
}

/** `x + by`, where something before it can take the term. */
function shifted(x: Value, by: Value, r: Rewriter): Value | undefined {
  const node = r.producer(x);
  if (node === undefined || r.uses(x) > 1) return undefined;
  const step = affineOf(node, r);
  if (step !== undefined) {
    const total = step.kind === "shift" ? both("Add", step.by(), by, r) : undefined;
    return total && r.put("Add", [step.x, total], {}, x.shape);
  }
  const axis = axisOf(by, x.shape.length);
  if (axis === undefined) return undefined;
  if (node.op === "Conv") return axis === 1 || axis === "none" ? shiftedConv(node, by, r) : undefined;
  return throughMove(node, by, axis, shifted, r);
}

/** Two factors or terms in one, unless that would be larger than either. */
function both(op: "Mul" | "Add", a: Value, b: Value, r: Rewriter): Value | undefined {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, i) =>
    Math.max(a.shape[i - rank + a.shape.length] ?? 1, b.shape[i - rank + b.shape.length] ?? 1),
  );
  if (count(shape) > Math.max(count(a.shape), count(b.shape))) return undefined;
  return r.put(op, [a, b], {}, shape);
}

function scaledConv(node: Node, by: Value, r: Rewriter): Value | undefined {
  const [x, weight, bias] = node.inputs as [Value, Value, Value?];
  if (!r.isKnown(weight) || (bias !== undefined && !r.isKnown(bias))) return undefined;
  const axis = count(by.shape) === 1 ? "none" : 0;
  const rows = r.put("Mul", [weight, along(by, axis, weight.shape.length, r)], {}, weight.shape);
  const offset = bias && r.put("Mul", [bias, along(by, axis, 1, r)], {}, bias.shape);
  return r.put("Conv", offset ? [x, rows, offset] : [x, rows], node.attributes, node.outputs[0]!.shape);
}

function shiftedConv(node: Node, by: Value, r: Rewriter): Value | undefined {
  const [x, weight, bias] = node.inputs as [Value, Value, Value?];
  if (bias !== undefined && !r.isKnown(bias)) return undefined;
  const channels = [weight.shape[0]!];
  const term = shaped(by, [count(by.shape)], r);
  const each = term.shape[0] === channels[0] ? term : r.put("Expand", [term, ints(channels)], {}, channels);
  const total = bias === undefined ? each : r.put("Add", [bias, each], {}, channels);
  return r.put("Conv", [x, weight, total], node.attributes, node.outputs[0]!.shape);
}

function scaledProduct(node: Node, by: Value, axis: number | "none", r: Rewriter): Value | undefined {
  const [x, weight] = node.inputs as [Value, Value];
  const [out] = node.outputs as [Value];
  if (!r.isKnown(weight) || weight.shape.length < 2) return undefined;
  if (axis !== "none" && axis !== out.shape.length - 1) return undefined;
  const factor = axis === "none" ? along(by, axis, 0, r) : along(by, 0, 1, r);
  return r.put("MatMul", [x, r.put("Mul", [weight, factor], {}, weight.shape)], {}, out.shape);
}

/** The step in front of a Reshape or Transpose instead of behind it. */
function throughMove(
  node: Node,
  by: Value,
  axis: number | "none",
  step: (x: Value, by: Value, r: Rewriter) => Value | undefined,
  r: Rewriter,
): Value | undefined {
  const before = axisBefore(node, axis);
  if (before === undefined) return undefined;
  const [x, ...rest] = node.inputs as [Value, ...Value[]];
  const inner = step(x, along(by, before, x.shape.length, r), r);
  return inner && r.put(node.op, [inner, ...rest], node.attributes, node.outputs[0]!.shape);
}
