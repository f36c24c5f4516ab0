// Gradients of convolutions, in the forms that were found fastest on ONNX Runtime's CPU kernels.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { ConvGradKernels } from "../kernels-image.ts";
import type { Sym } from "../sym.ts";
import { conv2dWindow, type Shape5 } from "./conv.ts";
import { product } from "./matmul.ts";
import { byPatches, isTiled, patchFilterGradient, patchInputGradient } from "./patches.ts";
import {
  attributesOf,
  count,
  filterOrder,
  flip,
  imageGradient,
  imageOf,
  isEmpty,
  resultOf,
  taps,
  type Window,
  windowOf,
} from "./window.ts";

export const convGrad: LoweringsOf<ConvGradKernels> = {
  Conv2DBackpropFilter({ x, dy }, attrs, g) {
    const w = conv2dWindow("Conv2DBackpropFilter", x.shape, attrs.filterShape, attrs, { result: dy.shape });
    return filterGradient(x, dy, w, attrs.filterShape, g);
  },
  Conv2DBackpropInput({ dy, filter }, attrs, g) {
    const result = { result: dy.shape };
    return inputGradient(
      dy,
      filter,
      conv2dWindow("Conv2DBackpropInput", attrs.inputShape, filter.shape, attrs, result),
      g,
    );
  },
  Conv3DBackpropFilterV2({ x, dy }, { strides, pad, filterShape }, g) {
    const info = tf.backend_util.computeConv3DInfo(x.shape as Shape5, filterShape, strides, 1, pad);
    return filterGradient(x, dy, windowOf("Conv3DBackpropFilterV2", info, dy.shape), filterShape, g);
  },
  Conv3DBackpropInputV2({ dy, filter }, { strides, pad, inputShape }, g) {
    const info = tf.backend_util.computeConv3DInfo(inputShape, filter.shape as Shape5, strides, 1, pad);
    return inputGradient(dy, filter, windowOf("Conv3DBackpropInputV2", info, dy.shape), g);
  },
};

function inputGradient(dy: Sym, filter: Sym, w: Window, g: Builder): Sym {
  if (isEmpty(w.inShape) || isEmpty(w.outShape) || isEmpty(filter.shape)) return g.splat(0, w.inShape);
  if (byPatches(w, g)) return patchInputGradient(dy, filter, w, g);
  const [outward, inward, ...window] = filterOrder(filter.rank) as [number, number, ...number[]];
  return backwards(resultOf(dy, w, g), w, 1, g, {
    turned: () => g.as(filter, [inward, outward, ...window]),
    plain: () => g.as(filter, [outward, inward, ...window]),
  });
}

/**
 * The gradient of a convolution's image. At stride 1 it is a convolution with the filter turned around, which beats
 * ConvTranspose; `turned` gives the filter as [in, out / group, ...window], `plain` as [out, in / group, ...window].
 */
export function backwards(
  dy: Value,
  w: Window,
  group: number,
  g: Builder,
  weights: { turned: () => Value; plain: () => Value },
): Sym {
  const shape = [w.batch, w.inChannels, ...w.size];
  const last = w.kernel.map((k, i) => (k - 1) * w.dilation[i]!);
  const before = w.before.map((p, i) => last[i]! - p);
  const after = w.after.map((p, i) => last[i]! - p);
  if (w.stride.every((s) => s === 1) && [...before, ...after].every((p) => p >= 0)) {
    const attributes = { ...attributesOf(w, group), pads: [...before, ...after] };
    return imageGradient(g.node("Conv", [dy, turnAround(weights.turned(), g)], attributes, shape), w, g);
  }
  // Rows behind the last window: ConvTranspose would leave them out.
  const rest = w.size.map((d, i) => d - ((w.out[i]! - 1) * w.stride[i]! + last[i]! + 1 - w.before[i]! - w.after[i]!));
  const attributes = { ...attributesOf(w, group), output_padding: rest };
  return imageGradient(g.node("ConvTranspose", [dy, weights.plain()], attributes, shape), w, g);
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

function filterGradient(x: Sym, dy: Sym, w: Window, filterShape: readonly number[], g: Builder): Sym {
  if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, filterShape);
  if (byPatches(w, g) && x.perm === undefined) return patchFilterGradient(x, dy, w, filterShape, g);
  const positions = count(w.out);
  const size = count(w.kernel);
  const [batch, from, to] = [w.batch, w.inChannels, w.outChannels];
  const image = imageOf(x, w, g);
  const d = resultOf(dy, w, g);
  const result = (value: Value): Sym =>
    g.sym(g.reshape(value, [to, from, ...w.kernel]), filterOrder(filterShape.length));
  const apart = (value: Value, channels: number): Value => g.reshape(value, [batch, channels, positions]);
  const summed = (each: Value, width: number): Value =>
    batch === 1 ? g.reshape(each, [to, width]) : g.node("ReduceSum", [each, g.ints([0])], { keepdims: 0 }, [to, width]);

  if (isTiled(w)) {
    const width = from * size;
    return result(summed(product(apart(d, to), tilesOf(image, w, g), false, false, [batch, to, width], g), width));
  }
  if (size > 1 && from <= 4) {
    // A product for each tap would have too few columns to be quick: all taps side by side.
    const width = size * from;
    const columns = apart(g.node("Concat", taps(image, w, g), { axis: 1 }, [batch, width, ...w.out]), width);
    const each = summed(product(apart(d, to), columns, false, true, [batch, to, width], g), width);
    return result(g.permute(g.reshape(each, [to, size, from]), [0, 2, 1]));
  }
  const each = joinsBatch(w, size)
    ? taps(channelsFirst(image, g), w, g).map((tap) => {
        const joined = (value: Value, channels: number) => g.reshape(value, [channels, batch * positions]);
        return product(joined(channelsFirst(d, g), to), joined(tap, from), false, true, [to, from], g);
      })
    : taps(image, w, g).map((tap) =>
        summed(product(apart(d, to), apart(tap, from), false, true, [batch, to, from], g), from),
      );
  if (size === 1) return result(each[0]!);
  const columns = each.map((value) => g.reshape(value, [to, from, 1]));
  return result(g.node("Concat", columns, { axis: 2 }, [to, from, size]));
}

/**
 * Where a filter is larger than the images, moving the batch behind the channels costs less than a product for each
 * image and their sum: one product then adds up over the positions of all.
 */
function joinsBatch(w: Window, size: number): boolean {
  const [from, to] = [w.inChannels, w.outChannels];
  return w.batch > 1 && to * from * size > 2 * (to * count(w.out) + from * count(w.size));
}

function channelsFirst(value: Value, g: Builder): Value {
  return g.permute(
    value,
    value.shape.map((_, axis) => [1, 0][axis] ?? axis),
  );
}

/** The image's windows as rows: [batch, positions, channels · window]. */
function tilesOf(image: Value, w: Window, g: Builder): Value {
  const split = [w.batch, w.inChannels, ...w.out.flatMap((o, i) => [o, w.kernel[i]!])];
  const axes = w.out.map((_, i) => 2 + 2 * i);
  const moved = g.permute(g.reshape(image, split), [0, ...axes, 1, ...axes.map((axis) => axis + 1)]);
  return g.reshape(moved, [w.batch, count(w.out), w.inChannels * count(w.kernel)]);
}
