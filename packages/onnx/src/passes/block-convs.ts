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
  const images = new Images(block);
  return rewrite(graph, (node, r) => {
    if (node.op !== "Conv" || node.inputs[0]!.dtype !== "float32" || node.inputs.length > 2) return undefined;
    const filter = isDepthwise(node) ? depthwiseFilter(node, images, r) : denseFilter(node, block, r);
    if (filter === undefined) return undefined;
    const [image] = node.inputs as [Value, Value];
    const [out] = node.outputs as [Value];
    const attributes = { ...node.attributes, group: isDepthwise(node) ? filter.shape[0]! : 1 };
    const result = r.put(`${domain}.Conv`, [images.inBlocks(image, r), filter], attributes, images.aligned(out.shape));
    return [r.put(`${domain}.ReorderOutput`, [result], { channels: out.shape[1]! }, out.shape)];
  });
}

/** Images in blocks of channels, each reordered once. */
class Images {
  readonly block: number;
  private readonly known = new Map<Value, Value>();

  constructor(block: number) {
    this.block = block;
  }

  /** [batch, channels, high, wide] → the same with channels filled up with zeros to whole blocks. */
  inBlocks(image: Value, r: Rewriter): Value {
    // Where images hold whole blocks, it is all the same how channels are divided into images.
    const before = r.producer(image);
    const divided = before?.op === "Reshape" ? before.inputs[0]! : image;
    const same = divided.shape.length === 4 && divided.shape.slice(2).join() === image.shape.slice(2).join();
    const whole = [divided, image].every(({ shape }) => shape[1]! % this.block === 0);
    const source = same && whole ? divided : image;
    let found = this.known.get(source);
    if (found === undefined) {
      found = r.put(`${domain}.ReorderInput`, [source], {}, this.aligned(source.shape));
      this.known.set(source, found);
    }
    return reshape(found, this.aligned(image.shape), r);
  }

  /** A shape with channels in whole blocks. */
  aligned(shape: readonly number[]): number[] {
    return [shape[0]!, Math.ceil(shape[1]! / this.block) * this.block, ...shape.slice(2)];
  }
}

function reshape(value: Value, shape: readonly number[], r: Rewriter): Value {
  return value.shape.join() === shape.join() ? value : r.put("Reshape", [value, ints(shape)], {}, shape);
}

/** One filter a channel. */
function isDepthwise({ inputs, attributes }: Node): boolean {
  const channels = inputs[0]!.shape[1]!;
  return attributes.group === channels && channels > 1 && inputs[1]!.shape[0] === channels;
}

/** [channels, 1, high, wide] as blocks of channels, filled up with zeros: the order that an image of these channels gets. */
function depthwiseFilter(node: Node, images: Images, r: Rewriter): Value | undefined {
  const [, filter] = node.inputs as [Value, Value];
  const [channels, , ...window] = filter.shape as [number, number, ...number[]];
  // The kernels that reorder images take channels by fours.
  if (window.length !== 2 || channels % 4 !== 0 || channels < images.block) return undefined;
  // A gradient in the place of the filter was an image before.
  const before = r.producer(filter);
  const source = before?.op === "Reshape" && before.inputs[0]!.shape.length === 4 ? before.inputs[0]! : filter;
  const moved = images.inBlocks(reshape(source, [1, channels, ...window], r), r);
  return reshape(moved, [moved.shape[1]!, 1, ...window], r);
}

/** [outputs, inputs, high, wide] as blocks of outputs for each block of inputs. */
function denseFilter(node: Node, block: number, r: Rewriter): Value | undefined {
  const [, filter] = node.inputs as [Value, Value];
  const [outputs, inputs, ...window] = filter.shape as [number, number, ...number[]];
  const positions = count(node.outputs[0]!.shape.slice(2));
  const taps = count(window);
  if (window.length !== 2 || taps === 1 || positions < fewPositions) return undefined;
  if ((node.attributes.group ?? 1) !== 1 || outputs % block !== 0 || inputs % block !== 0) return undefined;
  // The operator that reorders images puts blocks of outputs last, which leaves whole blocks to move: a third of the time
  // of one Transpose. What else Transpose would do on the way here, that one does as well.
  const before = r.producer(filter);
  const swapped = before?.op === "Transpose" && String(before.attributes.perm) === "1,0,2,3";
  const [image, parts, perm] = swapped
    ? [
        [inputs, outputs, taps, 1],
        [inputs / block, block, outputs / block, taps, block],
        [2, 0, 3, 1, 4],
      ]
    : [
        [1, outputs, inputs * taps, 1],
        [outputs / block, inputs / block, block, taps, block],
        [0, 1, 3, 2, 4],
      ];
  const source = reshape(swapped ? before.inputs[0]! : filter, image!, r);
  const blocks = reshape(r.put(`${domain}.ReorderInput`, [source], {}, image!), parts!, r);
  const shape = perm!.map((axis) => parts![axis]!);
  return reshape(r.put("Transpose", [blocks], { perm: perm! }, shape), filter.shape, r);
}
