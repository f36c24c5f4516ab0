// Constant factors and terms in front of a convolution or matrix product become part of it: a batch norm at the beginning of
// a block, the normalisation of pixels. A term may not pass padding, whose zeros it would not reach.

import type { Graph, Node, Value } from "../graph.ts";
import { type Affine, affineOf, along, axisBefore, axisOf, count, ints, shaped } from "./affine.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

export function absorbAffine(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    if (node.op === "Conv") return absorb(node, 1, intoConv, r);
    return node.op === "MatMul" ? absorb(node, node.inputs[0]!.shape.length - 1, intoProduct, r) : undefined;
  });
}

/** A step before a node: what it works on, and its numbers, one for all or one a channel. */
interface Before {
  kind: Affine["kind"];
  x: Value;
  by: Value;
}

type Into = (node: Node, step: Before, r: Rewriter) => Node | undefined;

/** Takes in step after step, as long as there are any along `axis` of the node's image or rows. */
function absorb(node: Node, axis: number, into: Into, r: Rewriter): readonly Value[] | undefined {
  if (r.isKnown(node.inputs[0]!) || !r.isKnown(node.inputs[1]!)) return undefined;
  let taken = node;
  for (;;) {
    const step = stepBefore(taken.inputs[0]!, axis, r);
    const next = step && into(taken, step, r);
    if (next === undefined) break;
    taken = next;
  }
  if (taken === node) return undefined;
  const [out] = node.outputs as [Value];
  const [x, weight, term] = taken.inputs as [Value, Value, Value?];
  if (node.op === "Conv") return [r.put("Conv", term ? [x, weight, term] : [x, weight], node.attributes, out.shape)];
  const product = r.put("MatMul", [x, weight], {}, out.shape);
  return [term === undefined ? product : r.put("Add", [product, term], {}, out.shape)];
}

function stepBefore(x: Value, axis: number, r: Rewriter): Before | undefined {
  const node = r.producer(x);
  if (node === undefined) return undefined;
  const step = affineOf(node, r);
  if (step !== undefined) {
    const by = step.by();
    const at = axisOf(by, x.shape.length);
    return at === "none" || at === axis
      ? { kind: step.kind, x: step.x, by: shaped(by, [count(by.shape)], r) }
      : undefined;
  }
  const before = axisBefore(node, axis);
  // A move that others read as well would have to be done twice.
  if (typeof before !== "number" || r.uses(x) > 1) return undefined;
  const [moved, ...rest] = node.inputs as [Value, ...Value[]];
  const found = stepBefore(moved, before, r);
  return found && { ...found, x: r.put(node.op, [found.x, ...rest], node.attributes, x.shape) };
}

function intoConv(node: Node, { kind, x, by }: Before, r: Rewriter): Node | undefined {
  const [, weight, bias] = node.inputs as [Value, Value, Value?];
  const { pads = [], auto_pad, group = 1 } = node.attributes;
  const padded = auto_pad !== undefined || (pads as readonly number[]).some((p) => p !== 0);
  if ((kind === "shift" && padded) || (bias !== undefined && !r.isKnown(bias))) return undefined;
  // Filters as [groups, outputs of a group, its inputs, window], so that an input channel is found in its group.
  const [outputs, inputs] = weight.shape as [number, number];
  const groups = group as number;
  const grouped = [groups, outputs / groups, inputs, count(weight.shape.slice(2))];
  const numbers = shaped(by, count(by.shape) === 1 ? [] : [groups, 1, inputs, 1], r);
  const product = r.put("Mul", [shaped(weight, grouped, r), numbers], {}, grouped);
  if (kind === "scale") return { ...node, inputs: [x, shaped(product, weight.shape, r), bias] };
  const sums = r.put("ReduceSum", [product, ints([2, 3])], { keepdims: 0 }, grouped.slice(0, 2));
  const term = shaped(sums, [outputs], r);
  return { ...node, inputs: [x, weight, bias === undefined ? term : r.put("Add", [bias, term], {}, [outputs])] };
}

/** With the term as a third input, which `absorb` adds behind. */
function intoProduct(node: Node, { kind, x, by }: Before, r: Rewriter): Node | undefined {
  const [image, weight, term] = node.inputs as [Value, Value, Value?];
  if (weight.shape.length !== 2) return undefined;
  const [rows, columns] = weight.shape as [number, number];
  const product = r.put("Mul", [weight, along(by, count(by.shape) === 1 ? "none" : 0, 2, r)], {}, weight.shape);
  if (kind === "scale") return { ...node, inputs: [x, product, term] };
  // Behind the product a term costs as much as in front of it; it pays where it meets the bias.
  if (r.uses(image) > 1 || rows < columns) return undefined;
  const sum = r.put("ReduceSum", [product, ints([0])], { keepdims: 0 }, [columns]);
  return { ...node, inputs: [x, weight, term === undefined ? sum : r.put("Add", [term, sum], {}, [columns])] };
}
