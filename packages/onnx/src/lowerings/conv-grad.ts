// Gradients of convolutions, in the forms that were found fastest on ONNX Runtime's CPU kernels.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { ConvGradKernels } from "../kernels-image.ts";
import type { Sym } from "../sym.ts";
import { columns } from "./columns.ts";
import { conv2dWindow, type Shape5 } from "./conv.ts";
import { product } from "./matmul.ts";
import { byPatches, isTiled, patchFilterGradient, patchInputGradient } from "./patches.ts";
import { sumOfRows } from "./reduce.ts";
import {
  attributesOf,
  count,
  crop,
  filterOrder,
  flip,
  imageGradient,
  imageOf,
  isEmpty,
  resultOf,
  type Window,
  windowOf,
} from "./window.ts";

export const convGrad: LoweringsOf<ConvGradKernels> = {
  Conv2DBackpropFilter({ x, dy }, attrs, g) {
    const w = conv2dWindow("Conv2DBackpropFilter", x.shape, attrs.filterShape, attrs, { result: dy.shape });
    return ofFilter(x, dy, w, attrs.filterShape, g);
  },
  Conv2DBackpropInput({ dy, filter }, attrs, g) {
    const result = { result: dy.shape };
    return ofImage(dy, filter, conv2dWindow("Conv2DBackpropInput", attrs.inputShape, filter.shape, attrs, result), g);
  },
  Conv3DBackpropFilterV2({ x, dy }, { strides, pad, filterShape }, g) {
    const info = tf.backend_util.computeConv3DInfo(x.shape as Shape5, filterShape, strides, 1, pad);
    return ofFilter(x, dy, windowOf("Conv3DBackpropFilterV2", info, dy.shape), filterShape, g);
  },
  Conv3DBackpropInputV2({ dy, filter }, { strides, pad, inputShape }, g) {
    const info = tf.backend_util.computeConv3DInfo(inputShape, filter.shape as Shape5, strides, 1, pad);
    return ofImage(dy, filter, windowOf("Conv3DBackpropInputV2", info, dy.shape), g);
  },
};

function ofImage(dy: Sym, filter: Sym, w: Window, g: Builder): Sym {
  if (isEmpty(w.inShape) || isEmpty(w.outShape) || isEmpty(filter.shape)) return g.splat(0, w.inShape);
  if (byPatches(w, g)) return patchInputGradient(dy, filter, w, g);
  return backwards(resultOf(dy, w, g), g.as(filter, filterOrder(filter.rank)), 1, w, g);
}

/**
 * The gradient of a convolution's image, with the filter [out, in / group, ...window]. At stride 1 it is a convolution with
 * the filter turned around, and for filters of one element at other strides one with zeros in between: both beat
 * ConvTranspose.
 */
export function backwards(dy: Value, filter: Value, group: number, w: Window, g: Builder): Sym {
  const shape = [w.batch, w.inChannels, ...w.size];
  const last = w.kernel.map((k, i) => (k - 1) * w.dilation[i]!);
  const before = w.before.map((p, i) => last[i]! - p);
  const after = w.after.map((p, i) => last[i]! - p);
  if (w.stride.every((s) => s === 1) && [...before, ...after].every((p) => p >= 0)) {
    const attributes = { ...attributesOf(w, group), pads: [...before, ...after] };
    const turned = inwards(turnAround(filter, g), group, g);
    return imageGradient(g.node("Conv", [dy, turned], attributes, shape), w, g);
  }
  if (group === 1 && w.kernel.join() === "1,1" && [...w.before, ...w.after].every((p) => p === 0)) {
    const small = [w.batch, w.inChannels, ...w.out];
    const each = g.node("Conv", [dy, inwards(filter, group, g)], { kernel_shape: w.kernel }, small);
    return imageGradient(spread(each, w, g), w, g);
  }
  // Rows behind the last window: ConvTranspose would leave them out.
  const rest = w.size.map((d, i) => d - ((w.out[i]! - 1) * w.stride[i]! + last[i]! + 1 - w.before[i]! - w.after[i]!));
  const attributes = { ...attributesOf(w, group), output_padding: rest };
  return imageGradient(g.node("ConvTranspose", [dy, filter], attributes, shape), w, g);
}

/** A filter with the channels of each group changed over: [in, out / group, ...window]. */
function inwards(filter: Value, group: number, g: Builder): Value {
  if (group === 1) return swap(filter, 0, g);
  const [outputs, inner, ...window] = filter.shape as [number, number, ...number[]];
  const outer = outputs / group;
  const apart = g.reshape(filter, [group, outer, inner, ...window]);
  return g.reshape(swap(apart, 1, g), [group * inner, outer, ...window]);
}

/** The value with an axis and the one behind it in each other's place. */
function swap(value: Value, axis: number, g: Builder): Value {
  const perm = value.shape.map((_, i) => (i === axis ? axis + 1 : i === axis + 1 ? axis : i));
  return g.permute(value, perm);
}

/**
 * Puts zeros between elements, from [..., ...out] to [..., ...size] at the window's strides: as a product with ones, which
 * writes a row and the rows of zeros behind it. With a convolution in front a fifth less time than ConvTranspose.
 */
function spread(value: Value, w: Window, g: Builder): Value {
  const [height, width] = w.size as [number, number];
  const [down, right] = w.stride as [number, number];
  const [high, wide] = w.out as [number, number];
  const ones = new Float32Array(wide * down * width);
  for (let column = 0; column < wide; column++) ones[column * down * width + column * right] = 1;
  const lead = value.shape.slice(0, 2);
  const rows = g.reshape(value, [count(lead) * high, wide]);
  const places = g.literal(ones, [wide, down * width], "float32");
  const all = g.node("MatMul", [rows, places], {}, [count(lead) * high, down * width]);
  return crop(g.reshape(all, [...lead, high * down, width]), [0, 0], [height, width], g);
}

/** A filter with its window turned around: as a product with ones on the other diagonal, which unlike Slice uses all threads. */
function turnAround(filter: Value, g: Builder): Value {
  const size = count(filter.shape.slice(2));
  if (size === 1 || g.portable) return flip(filter, g);
  const ones = Float32Array.from({ length: size * size }, (_, i) =>
    (i % size) + Math.floor(i / size) === size - 1 ? 1 : 0,
  );
  const rows = g.reshape(filter, [filter.shape[0]! * filter.shape[1]!, size]);
  const turned = g.node("MatMul", [rows, g.literal(ones, [size, size], "float32")], {}, rows.shape);
  return g.reshape(turned, filter.shape);
}

/** The gradient of a filter, held in TensorFlow.js' order of axes. */
function ofFilter(x: Sym, dy: Sym, w: Window, filterShape: readonly number[], g: Builder): Sym {
  if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, filterShape);
  if (byPatches(w, g) && x.perm === undefined) return patchFilterGradient(x, dy, w, filterShape, g);
  const [image, d] = [imageOf(x, w, g), resultOf(dy, w, g)];
  const gradient = isTiled(w) ? fromTiles(image, d, w, g) : filterGradient(image, d, 1, w, g);
  return g.sym(gradient, filterOrder(filterShape.length));
}

/**
 * The gradient of a filter, [outputs, inputs / groups, ...window]: for each image and group what flows back, times what
 * each tap sees, summed over positions. `image` is the result of `imageOf`, `d` that of `resultOf`.
 */
export function filterGradient(image: Value, d: Value, groups: number, w: Window, g: Builder): Value {
  const [inner, outer] = [w.inChannels / groups, w.outChannels / groups];
  const joined = joinsBatch(w, groups);
  const [left, seen] = joined ? [swap(d, 0, g), swap(image, 0, g)] : [d, image];
  const [sets, positions] = joined ? [1, w.batch * count(w.out)] : [w.batch * groups, count(w.out)];
  const rows = g.reshape(left, [sets, outer, positions]);
  const pieces = columns(seen, joined, w, g).map(({ value, taps }) => {
    const wide = g.reshape(value, [sets, inner * taps, positions]);
    const each = product(rows, wide, false, true, [sets, outer, inner * taps], g);
    const shape = [groups * outer, inner, taps];
    return joined ? g.reshape(each, shape) : sumOfRows(g.reshape(each, [w.batch, ...shape]), 1, g);
  });
  const shape = [groups * outer, inner, ...w.kernel];
  if (pieces.length === 1) return g.reshape(pieces[0]!, shape);
  return g.reshape(g.node("Concat", pieces, { axis: 2 }, [groups * outer, inner, count(w.kernel)]), shape);
}

/**
 * Where a filter is larger than the images, moving the batch behind the channels costs less than a product for each
 * image and their sum: one product then adds up over the positions of all.
 */
function joinsBatch(w: Window, groups: number): boolean {
  const [from, to] = [w.inChannels, w.outChannels];
  // With the batch as one of them, images of three axes have more than ONNX Runtime's convolutions take.
  if (groups > 1 || w.batch === 1 || w.kernel.length > 2) return false;
  return to * from * count(w.kernel) > 2 * (to * count(w.out) + from * count(w.size));
}

/** Windows side by side: the gradient is one product. */
function fromTiles(image: Value, d: Value, w: Window, g: Builder): Value {
  const width = w.inChannels * count(w.kernel);
  const rows = g.reshape(d, [w.batch, w.outChannels, count(w.out)]);
  const each = product(rows, tilesOf(image, w, g), false, false, [w.batch, w.outChannels, width], g);
  return g.reshape(sumOfRows(each, 1, g), [w.outChannels, w.inChannels, ...w.kernel]);
}

/** The image's windows as rows: [batch, positions, channels · window]. */
function tilesOf(image: Value, w: Window, g: Builder): Value {
  const split = [w.batch, w.inChannels, ...w.out.flatMap((o, i) => [o, w.kernel[i]!])];
  const axes = w.out.map((_, i) => 2 + 2 * i);
  const moved = g.permute(g.reshape(image, split), [0, ...axes, 1, ...axes.map((axis) => axis + 1)]);
  return g.reshape(moved, [w.batch, count(w.out), w.inChannels * count(w.kernel)]);
}
