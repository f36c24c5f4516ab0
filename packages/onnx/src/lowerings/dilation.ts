// Greyscale dilation, the maximum of image plus filter over a window, and its gradients.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { DilationKernels } from "../kernels-image.ts";
import type { Sym } from "../sym.ts";
import type { Shape4 } from "./conv.ts";
import { backwards } from "./conv-grad.ts";
import { count, imageOf, isEmpty, offsets, resultOf, taps, type Window, windowOf } from "./window.ts";

export const dilation: LoweringsOf<DilationKernels> = {
  Dilation2D({ x, filter }, attrs, g) {
    const w = dilationWindow("Dilation2D", x.shape, filter.shape, attrs);
    if (isEmpty(w.outShape)) return g.splat(0, w.outShape, x.dtype);
    const candidates = sums(x, filter, w, g);
    // What TensorFlow.js gives for a window that sees nothing.
    const lowest = g.scalar(Number.MIN_SAFE_INTEGER);
    const max = g.node("Max", [...candidates, lowest], {}, candidates[0]!.shape);
    return g.sym(g.cast(max, x.dtype), w.perm);
  },
  Dilation2DBackpropFilter({ x, filter, dy }, attrs, g) {
    const w = dilationWindow("Dilation2DBackpropFilter", x.shape, filter.shape, attrs, dy.shape);
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, filter.shape, filter.dtype);
    const taken = shares(x, filter, dy, w, g); // [taps, batch, channels, height, width]
    const sum = g.node("ReduceSum", [taken, g.ints([1, 3, 4])], { keepdims: 0 }, [taken.shape[0]!, w.inChannels]);
    return g.cast(g.reshape(sum, filter.shape), filter.dtype);
  },
  Dilation2DBackpropInput({ x, filter, dy }, attrs, g) {
    const w = dilationWindow("Dilation2DBackpropInput", x.shape, filter.shape, attrs, dy.shape);
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, x.shape, x.dtype);
    const taken = g.permute(shares(x, filter, dy, w, g), [1, 2, 0, 3, 4]);
    const size = count(w.kernel);
    const grouped = g.reshape(taken, [w.batch, w.inChannels * size, ...w.out]);
    // Each tap's share goes back to where the tap looked: a depthwise filter that is 1 there.
    const single = Float32Array.from({ length: size * size }, (_, i) => +(i % (size + 1) === 0));
    const filters = Float32Array.from({ length: w.inChannels * size * size }, (_, i) => single[i % (size * size)]!);
    const taps = g.literal(filters, [w.inChannels * size, 1, ...w.kernel], "float32");
    const dx = backwards(grouped, taps, w.inChannels, w, g);
    return g.elementwise(([value]) => g.cast(value!, x.dtype), [dx], x.dtype);
  },
};

function dilationWindow(
  kernelName: string,
  image: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations }: tf.Dilation2DAttrs,
  result?: readonly number[],
): Window {
  const shapes = [image, filter] as unknown as [Shape4, [number, number, number]];
  const info = tf.backend_util.computeDilation2DInfo(...shapes, strides, pad, "NHWC", dilations);
  return windowOf(kernelName, info, result);
}

/** Image plus filter, tap by tap: [batch, channels, height, width] each. */
function sums(x: Sym, filter: Sym, w: Window, g: Builder): Value[] {
  const size = offsets(w.kernel).length;
  const seen = taps(g.cast(imageOf(x, w, g), "float32"), w, g, Number.NEGATIVE_INFINITY);
  const rows = g.reshape(g.cast(filter, "float32"), [size, w.inChannels, 1, 1]);
  const single = { shape: [1, w.inChannels, 1, 1] };
  const heights =
    size === 1
      ? [rows]
      : g.nodes(
          "Split",
          [rows, g.ints(seen.map(() => 1))],
          { axis: 0 },
          seen.map(() => single),
        );
  return seen.map((tap, i) => g.node("Add", [tap, heights[i]!], {}, tap.shape));
}

/** What each tap receives of the gradient: all where it was the (first) maximum, else nothing. */
function shares(x: Sym, filter: Sym, dy: Sym, w: Window, g: Builder): Value {
  const candidates = sums(x, filter, w, g);
  const shape = candidates[0]!.shape;
  const stacked = [candidates.length, ...shape];
  const rows = candidates.map((value) => g.reshape(value, [1, ...shape]));
  const all = rows.length === 1 ? rows[0]! : g.node("Concat", rows, { axis: 0 }, stacked);
  const first = g.node("ArgMax", [all], { axis: 0, keepdims: 1 }, [1, ...shape], "int64");
  const tap = g.reshape(g.ints(candidates.map((_, i) => i)), [candidates.length, 1, 1, 1, 1]);
  const taken = g.node("Equal", [first, tap], {}, stacked, "bool");
  const flowing = g.cast(resultOf(dy, w, g), "float32");
  return g.node("Where", [taken, flowing, g.scalar(0)], {}, stacked);
}
