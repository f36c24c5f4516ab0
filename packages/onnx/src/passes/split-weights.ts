// Queries, keys and values are one product that is then cut apart. Cutting the weights is less work than cutting what they
// give, which is a copy of all tokens.

import type { Graph, Node, Value } from "../graph.ts";
import { count, ints } from "./affine.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

/** For graphs whose dimensions are all known. */
export function splitWeights(graph: Graph): Graph {
  return rewrite(graph, (node, r) => {
    const projection = node.op === "Split" ? projectionOf(node, r) : undefined;
    if (projection === undefined) return undefined;
    const { rows, weight, bias, share, perm } = projection;
    let start = 0;
    return node.outputs.map((out) => {
      const width = out.shape[node.attributes.axis as number]! * share;
      const part = (value: Value): Value => {
        const last = value.shape.length - 1;
        const bounds = [[start], [start + width], [last]].map(ints);
        return r.put("Slice", [value, ...bounds], {}, [...value.shape.slice(0, last), width]);
      };
      const shape = [rows.shape[0]!, width];
      const product = r.put("MatMul", [rows, part(weight)], {}, shape);
      const sum = bias === undefined ? product : r.put("Add", [product, part(bias)], {}, shape);
      start += width;
      const apart: number[] = [];
      perm.forEach((axis, i) => {
        apart[axis] = out.shape[i]!;
      });
      const ordered = r.put("Reshape", [sum, ints(apart)], {}, apart);
      return perm.every((axis, i) => axis === i) ? ordered : r.put("Transpose", [ordered], { perm }, out.shape);
    });
  });
}

interface Projection {
  /** [tokens, from] */
  rows: Value;
  /** [from, to] */
  weight: Value;
  bias?: Value;
  /** Columns for each step along the axis that is cut. */
  share: number;
  /** The order that axes were brought to before the cut. */
  perm: readonly number[];
}

/** What a split reads, where that is `rows · weight + bias` with its columns cut in order. */
function projectionOf(split: Node, r: Rewriter): Projection | undefined {
  const whole = split.inputs[0]!;
  const mover = r.producer(whole);
  const moved = mover?.op === "Transpose";
  const packed = moved ? mover.inputs[0]! : whole;
  const perm = moved ? (mover.attributes.perm as readonly number[]) : whole.shape.map((_, i) => i);
  const axis = perm[split.attributes.axis as number]!;
  const apart = r.producer(packed);
  const flat = apart?.op === "Reshape" ? apart.inputs[0]! : packed;
  const top = r.producer(flat);
  const bias = top?.op === "Add" ? top.inputs.find((input) => input?.shape.length === 1) : undefined;
  const product = bias === undefined ? flat : top!.inputs.find((input) => input !== bias)!;
  const source = r.producer(product);
  if (source?.op !== "MatMul" || [whole, packed, flat, product].some((value) => r.uses(value) > 1)) return undefined;
  const [rows, weight] = source.inputs as [Value, Value];
  if ([rows, weight].some(({ shape, dtype }) => shape.length !== 2 || dtype !== "float32")) return undefined;
  const width = weight.shape[1]!;
  if (count(packed.shape.slice(axis)) !== width || (bias && bias.shape[0] !== width)) return undefined;
  if (count(weight.shape) >= count(product.shape)) return undefined;
  return { rows, weight, ...(bias && { bias }), share: width / packed.shape[axis]!, perm };
}
