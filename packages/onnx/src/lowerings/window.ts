// How a filter slides over an image, in ONNX's terms: one number for each axis of the image, of which there are two or
// three. TensorFlow.js allows what ONNX does not (negative padding, rows that no window reaches); that is settled here.

import { type tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Attributes, Value } from "../graph.ts";
import { identity, type Perm, permuteShape, type Sym } from "../sym.ts";

export interface Window {
  /** The order in which ONNX wants images: batch, channels, then the axes of the image. */
  readonly perm: Perm;
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Logical shapes of the image and of the result. */
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
  /** Rows dropped in front of the image, and how many are left of it. */
  readonly trim: readonly number[];
  readonly size: readonly number[];
  readonly out: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros before and after each axis. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

type Info = tf.backend_util.Conv2DInfo | tf.backend_util.Conv3DInfo;

/**
 * The window of a forward kernel, or with `result` (a shape) of a gradient: TensorFlow.js' gradients forget how the
 * forward pass rounded, so as many windows count as flow back, up to what any rounding gives.
 */
export function windowOf(kernelName: string, info: Info, result?: readonly number[]): Window {
  const rank = info.inShape.length;
  const first = info.dataFormat === "channelsFirst";
  const perm = first ? identity(rank) : imageOrder(rank);
  const axes = (two: number[], depth: number | undefined) => (depth === undefined ? two : [depth, ...two]);
  const three = "inDepth" in info ? info : undefined;
  const full = axes([info.inHeight, info.inWidth], three?.inDepth);
  const kernel = axes([info.filterHeight, info.filterWidth], three?.filterDepth);
  const stride = axes([info.strideHeight, info.strideWidth], three?.strideDepth);
  const dilation = axes([info.dilationHeight, info.dilationWidth], three?.dilationDepth);
  const pad = axes([info.padInfo.top, info.padInfo.left], three?.padInfo.front);
  const behind = axes([info.padInfo.bottom, info.padInfo.right], three?.padInfo.back);
  const spread = kernel.map((k, i) => (k - 1) * dilation[i]!);
  const out = axes([info.outHeight, info.outWidth], three?.outDepth);
  if (result !== undefined)
    out.forEach((_, i) => {
      const most = Math.ceil((full[i]! + pad[i]! + behind[i]! - spread[i]! - 1) / stride[i]!) + 1;
      out[i] = Math.min(result[perm[i + 2]!]!, most);
    });
  if (out.some((d) => d < 0))
    throw new VitrineError(kernelName, `a filter of [${kernel}] does not fit into an image of [${full}]`);

  const trim = pad.map((p) => Math.max(0, -p));
  const before = pad.map((p) => Math.max(0, p));
  const reach = out.map((o, i) => (o - 1) * stride[i]! + spread[i]! + 1 - before[i]!);
  const rows = full.map((d, i) => d - trim[i]!);
  // Rows past the last window change ONNX's count of windows where there are `stride` of them or more.
  const size = rows.map((d, i) => (d - reach[i]! >= stride[i]! ? reach[i]! : d));
  const after = size.map((d, i) => Math.max(0, reach[i]! - d));
  return {
    perm,
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    inShape: info.inShape,
    outShape: info.outShape.map((d, axis) => out[perm.indexOf(axis) - 2] ?? d),
    trim,
    size,
    out,
    kernel,
    stride,
    dilation,
    before,
    after,
  };
}

/** Batch, channels, image, for a tensor held as batch, image, channels. */
export function imageOrder(rank: number): Perm {
  return [0, rank - 1, ...identity(rank).slice(1, -1)];
}

/** Output channels, input channels, window, for a filter held as window, input channels, output channels. */
export function filterOrder(rank: number): Perm {
  return [rank - 1, rank - 2, ...identity(rank - 2)];
}

export function isEmpty(shape: readonly number[]): boolean {
  return shape.includes(0);
}

export function count(sizes: readonly number[]): number {
  return sizes.reduce((product, d) => product * d, 1);
}

export function attributesOf(w: Window, group = 1): Attributes {
  return {
    kernel_shape: w.kernel,
    strides: w.stride,
    dilations: w.dilation,
    pads: [...w.before, ...w.after],
    ...(group === 1 ? {} : { group }),
  };
}

/** The image in ONNX's order, without the rows that no window reaches. */
export function imageOf(x: Sym, w: Window, g: Builder): Value {
  return crop(g.as(x, w.perm), w.trim, w.size, g);
}

/** What flows back, in ONNX's order, as far as windows reach. */
export function resultOf(dy: Sym, w: Window, g: Builder): Value {
  return crop(
    g.as(dy, w.perm),
    w.out.map(() => 0),
    w.out,
    g,
  );
}

/** A gradient of `imageOf`'s result as one of the whole image: rows that no window reaches get zero. */
export function imageGradient(value: Value, w: Window, g: Builder): Sym {
  const full = permuteShape(w.inShape, w.perm).slice(2);
  const rest = full.map((d, i) => d - w.trim[i]! - w.size[i]!);
  return g.sym(pad(value, w.trim, rest, 0, g), w.perm);
}

/** Cuts the axes after the second one. */
export function crop(value: Value, start: readonly number[], size: readonly number[], g: Builder): Value {
  const axes = size.flatMap((d, i) => (d === value.shape[i + 2] ? [] : [i]));
  if (axes.length === 0) return value;
  const starts = g.ints(axes.map((i) => start[i]!));
  const ends = g.ints(axes.map((i) => start[i]! + size[i]!));
  const shape = [...value.shape.slice(0, 2), ...size];
  return g.node("Slice", [value, starts, ends, g.ints(axes.map((i) => i + 2))], {}, shape, value.dtype);
}

/** Adds rows of `fill` around the axes after the second one. */
export function pad(
  value: Value,
  before: readonly number[],
  after: readonly number[],
  fill: number,
  g: Builder,
): Value {
  if (before.every((p) => p === 0) && after.every((p) => p === 0)) return value;
  const shape = value.shape.map((d, i) => (i < 2 ? d : d + before[i - 2]! + after[i - 2]!));
  const pads = g.ints([0, 0, ...before, 0, 0, ...after]);
  return g.node("Pad", [value, pads, g.scalar(fill, value.dtype)], {}, shape, value.dtype);
}

/**
 * What each tap of the filter sees, tap by tap in the filter's order: [batch, channels, ...out] each. `image` is the
 * result of `imageOf`; `fill` is what padding counts as.
 */
export function taps(image: Value, w: Window, g: Builder, fill: number): Value[] {
  const padded = pad(image, w.before, w.after, fill, g);
  const axes = g.ints(w.kernel.map((_, i) => i + 2));
  const steps = w.stride.some((s) => s > 1) ? g.ints(w.stride) : undefined;
  const shape = [...image.shape.slice(0, 2), ...w.out];
  return offsets(w.kernel).map((offset) => {
    const starts = offset.map((o, i) => o * w.dilation[i]!);
    const ends = starts.map((start, i) => start + (w.out[i]! - 1) * w.stride[i]! + 1);
    if (starts.every((start) => start === 0) && ends.every((end, i) => end === padded.shape[i + 2]) && !steps)
      return padded;
    const inputs = [padded, g.ints(starts), g.ints(ends), axes, ...(steps ? [steps] : [])];
    return g.node("Slice", inputs, {}, shape, image.dtype);
  });
}

/** Positions in a filter, row by row. */
export function offsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (found, size) => found.flatMap((start) => Array.from({ length: size }, (_, i) => [...start, i])),
    [[]],
  );
}

/** Turns the axes after the second one around. */
export function flip(value: Value, g: Builder): Value {
  const axes = value.shape.flatMap((d, i) => (i >= 2 && d > 1 ? [i] : []));
  if (axes.length === 0) return value;
  const ends = axes.map((i) => -value.shape[i]! - 1);
  const minus = g.ints(axes.map(() => -1));
  return g.node("Slice", [value, minus, g.ints(ends), g.ints(axes), minus], {}, value.shape, value.dtype);
}
