// Convolutions in the layout that ONNX Runtime's quickest CPU kernels work in: images and filters in blocks of channels
// that fill a vector. ONNX Runtime goes there by itself only where filters are constants; in a training step they are not.
// Reordering an image in front and behind costs less than depthwise convolutions and large windows gain.

import type { Graph, Node, Value } from "../graph.ts";
import { count, ints } from "./affine.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

const domain = "com.microsoft.nchwc";
/** Fewer positions than this in the result, and reordering a dense filter costs what the kernel gains. */
const fewPositions = 14 * 14;

/** @param block channels in a block; 1 where the processor has no such kernels */
export function blockConvs(graph: Graph, block: number): Graph {
  if (block === 1) return graph;
  /** Images that were reordered already. */
  const blocked = new Map<Value, Value>();
  return rewrite(graph, (node, r) => {
    if (node.op !== "Conv" || node.inputs[0]!.dtype !== "float32" || node.inputs.length > 2) return undefined;
    const filter = isDepthwise(node) ? depthwiseFilter(node, block, r) : denseFilter(node, block, r);
    if (filter === undefined) return undefined;
    const [image] = node.inputs as [Value, Value];
    const [out] = node.outputs as [Value];
    const aligned = (shape: readonly number[]) => [shape[0]!, roundUp(shape[1]!, block), ...shape.slice(2)];
    const input = blocked.get(image) ?? r.put(`${domain}.ReorderInput`, [image], {}, aligned(image.shape));
    blocked.set(image, input);
    const attributes = { ...node.attributes, group: isDepthwise(node) ? filter.shape[0]! : 1 };
    const result = r.put(`${domain}.Conv`, [input, filter], attributes, aligned(out.shape));
    return [r.put(`${domain}.ReorderOutput`, [result], { channels: out.shape[1]! }, out.shape)];
  });
}

/** One filter a channel. */
function isDepthwise({ inputs, attributes }: Node): boolean {
  const channels = inputs[0]!.shape[1]!;
  return attributes.group === channels && channels > 1 && inputs[1]!.shape[0] === channels;
}

/** [channels, 1, high, wide] as blocks of channels, filled up with zeros. */
function depthwiseFilter(node: Node, block: number, r: Rewriter): Value | undefined {
  const [, filter] = node.inputs as [Value, Value];
  const [channels, , ...window] = filter.shape as [number, number, ...number[]];
  // The kernels that reorder images take channels by fours.
  if (window.length !== 2 || channels % 4 !== 0 || channels < block) return undefined;
  const all = roundUp(channels, block);
  const pads = ints([0, 0, 0, 0, all - channels, 0, 0, 0]);
  const full = all === channels ? filter : r.put("Pad", [filter, pads], {}, [all, 1, ...window]);
  return permuted(full, [all / block, block, count(window)], [0, 2, 1], r);
}

/** [outputs, inputs, high, wide] as blocks of outputs for each block of inputs. */
function denseFilter(node: Node, block: number, r: Rewriter): Value | undefined {
  const [, filter] = node.inputs as [Value, Value];
  const [outputs, inputs, ...window] = filter.shape as [number, number, ...number[]];
  const positions = count(node.outputs[0]!.shape.slice(2));
  if (window.length !== 2 || count(window) === 1 || positions < fewPositions) return undefined;
  if ((node.attributes.group ?? 1) !== 1 || outputs % block !== 0 || inputs % block !== 0) return undefined;
  const split = [outputs / block, block, inputs / block, block, count(window)];
  return permuted(filter, split, [0, 2, 4, 3, 1], r);
}

/** The elements of a filter in another order, under the shape it has. */
function permuted(filter: Value, split: readonly number[], perm: readonly number[], r: Rewriter): Value {
  const apart = r.put("Reshape", [filter, ints(split)], {}, split);
  const moved = r.put(
    "Transpose",
    [apart],
    { perm },
    perm.map((axis) => split[axis]!),
  );
  return r.put("Reshape", [moved, ints(filter.shape)], {}, filter.shape);
}

function roundUp(size: number, block: number): number {
  return Math.ceil(size / block) * block;
}
