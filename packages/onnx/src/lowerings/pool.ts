// Pooling over images of two and three dimensions.

import { tf, VitrineError } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { PoolKernels } from "../kernels-image.ts";
import type { Sym } from "../sym.ts";
import type { Shape4, Shape5 } from "./conv.ts";
import { attributesOf, count, imageOf, isEmpty, pad, type Window, windowOf } from "./window.ts";

export const pool: LoweringsOf<PoolKernels> = {
  AvgPool: ({ x }, attrs, g) => average(x, pool2dWindow("AvgPool", x.shape, attrs), g, Number.NaN),
  // Of nothing at all, the mean in two dimensions is NaN in TensorFlow.js, and in three it is 0.
  AvgPool3D: ({ x }, attrs, g) => average(x, pool3dWindow("AvgPool3D", x.shape, attrs), g, 0),
  MaxPool: ({ x }, attrs, g) => maximum(x, pool2dWindow("MaxPool", x.shape, attrs), g),
  MaxPool3D: ({ x }, attrs, g) => maximum(x, pool3dWindow("MaxPool3D", x.shape, attrs), g),
  MaxPoolWithArgmax({ x }, attrs, g) {
    if (x.rank !== 4) throw new VitrineError("MaxPoolWithArgmax", `expected images of rank 4, found [${x.shape}]`);
    const w = pool2dWindow("MaxPoolWithArgmax", x.shape, attrs);
    if (isEmpty(w.outShape)) return [g.splat(0, w.outShape, x.dtype), g.splat(0, w.outShape, "int32")];
    const found = maxima(g.cast(imageOf(x, w, g), "float32"), w, g);
    const index = logicalIndex(found, w, attrs.includeBatchInIndex, g);
    return [g.sym(g.cast(found.max, x.dtype), w.perm), g.sym(g.cast(index, "int32"), w.perm)];
  },
};

interface PoolOptions<Size> {
  filterSize: Size;
  strides: Size;
  pad: tf.MaxPoolAttrs["pad"];
  dimRoundingMode?: tf.MaxPoolAttrs["dimRoundingMode"];
}

export function pool2dWindow(
  kernelName: string,
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolOptions<number | [number, number]>,
  result?: readonly number[],
): Window {
  const image = shape as unknown as Shape4;
  const info = tf.backend_util.computePool2DInfo(image, filterSize, strides, 1, pad, dimRoundingMode);
  return windowOf(kernelName, info, result);
}

export function pool3dWindow(
  kernelName: string,
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolOptions<number | [number, number, number]>,
  result?: readonly number[],
): Window {
  const image = shape as unknown as Shape5;
  const edge = pad as "same" | "valid" | number;
  const info = tf.backend_util.computePool3DInfo(image, filterSize, strides, 1, edge, dimRoundingMode, "NDHWC");
  return windowOf(kernelName, info, result);
}

/** A window of one element that keeps the image's size: in two dimensions TensorFlow.js does not look further. */
export function isIdentity(w: Window): boolean {
  const single = w.kernel.length === 2 ? w.kernel : [...w.kernel, ...w.stride];
  return single.every((d) => d === 1) && w.inShape.every((d, axis) => d === w.outShape[axis]);
}

/** ONNX Runtime refuses padding in which a whole window fits. */
function isRoomy(w: Window): boolean {
  return w.kernel.some((k, i) => w.before[i]! >= k || w.after[i]! >= k);
}

/** The window over an image to which the padding has been added. */
function padded(w: Window): Window {
  const none = w.kernel.map(() => 0);
  return { ...w, size: w.size.map((d, i) => d + w.before[i]! + w.after[i]!), before: none, after: none };
}

function average(x: Sym, w: Window, g: Builder, ofNothing: number): Sym {
  if (isIdentity(w)) return x;
  if (isEmpty(w.outShape)) return g.splat(0, w.outShape, x.dtype);
  const shape = [w.batch, w.inChannels, ...w.out];
  const image = imageOf(x, w, g);
  if (!isRoomy(w)) return g.sym(g.node("AveragePool", [image], poolAttributes(w), shape), w.perm);
  const all = g.node("AveragePool", [pad(image, w.before, w.after, 0, g)], poolAttributes(padded(w)), shape);
  // Zeros of the padding were counted: the mean is over fewer elements.
  const seen = w.out.map((o, i) =>
    Array.from({ length: o }, (_, at) => {
      const start = at * w.stride[i]! - w.before[i]!;
      return Math.max(0, Math.min(w.size[i]!, start + w.kernel[i]!) - Math.max(0, start));
    }),
  );
  const counts = seen.reduce<number[]>((all, axis) => all.flatMap((a) => axis.map((b) => a * b)), [1]);
  const factors = Float32Array.from(counts, (n) => (n === 0 ? ofNothing : count(w.kernel) / n));
  return g.sym(g.node("Mul", [all, g.literal(factors, [1, 1, ...w.out], "float32")], {}, shape), w.perm);
}

function maximum(x: Sym, w: Window, g: Builder): Sym {
  if (isIdentity(w)) return x;
  if (isEmpty(w.outShape)) return g.splat(0, w.outShape, x.dtype);
  const image = g.cast(imageOf(x, w, g), "float32");
  if (g.portable && !isRoomy(w)) {
    const shape = [w.batch, w.inChannels, ...w.out];
    return g.sym(g.cast(g.node("MaxPool", [image], poolAttributes(w), shape), x.dtype), w.perm);
  }
  return g.sym(g.cast(maxima(image, w, g).max, x.dtype), w.perm);
}

export interface Maxima {
  max: Value;
  /** Flat positions of the maxima, int64. */
  index: Value;
  /** Batch, channels and image into which `index` counts: the image may have been padded first. */
  shape: readonly number[];
  /** Rows of padding in front of that image, and behind it. */
  before: readonly number[];
  after: readonly number[];
}

/** What the forward pass found, by its result: the gradient asks for the same again. */
const found = new WeakMap<Value, { image: Value; maxima: Maxima }>();

/** The maxima that `max` is the first part of, where they are those of `image`. */
export function foundMaxima(max: Value, image: Value): Maxima | undefined {
  const known = found.get(max);
  return known?.image === image ? known.maxima : undefined;
}

/** Maxima and where they are; of equals, the first. NaN is passed over, as in TensorFlow.js. */
export function maxima(image: Value, w: Window, g: Builder): Maxima {
  const lowest = g.scalar(Number.NEGATIVE_INFINITY);
  const nan = g.node("IsNaN", [image], {}, image.shape, "bool");
  const numbers = g.node("Where", [nan, lowest, image], {}, image.shape);
  const roomy = isRoomy(w);
  const none = w.kernel.map(() => 0);
  const [before, after] = roomy ? [w.before, w.after] : [none, none];
  const source = pad(numbers, before, after, Number.NEGATIVE_INFINITY, g);
  const shape = [w.batch, w.inChannels, ...w.out];
  const types = [{ shape }, { shape, dtype: "int64" as const }];
  const [max, index] = g.nodes("MaxPool", [source], poolAttributes(roomy ? padded(w) : w), types) as [Value, Value];
  const maxima = { max, index, shape: source.shape, before, after };
  found.set(max, { image, maxima });
  return maxima;
}

function poolAttributes(w: Window): Record<string, readonly number[]> {
  const { kernel_shape, strides, pads } = attributesOf(w) as Record<string, readonly number[]>;
  return { kernel_shape: kernel_shape!, strides: strides!, pads: pads! };
}

/** Positions in the image as TensorFlow.js counts them: channels last, with or without the images before it. */
function logicalIndex({ max, index, shape, before, after }: Maxima, w: Window, withBatch: boolean, g: Builder): Value {
  const [channels, high, wide] = shape.slice(1) as [number, number, number];
  const [top, left] = before as [number, number];
  const [height, width] = w.inShape.slice(1) as [number, number];
  const int = (op: string, a: Value, b: number) => g.node(op, [a, g.scalar(b, "int64")], {}, a.shape, "int64");
  const add = (a: Value, b: Value) => g.node("Add", [a, b], {}, a.shape, "int64");
  const row = int("Sub", int("Mod", int("Div", index, wide), high), top - w.trim[0]!);
  const column = int("Sub", int("Mod", index, wide), left - w.trim[1]!);
  const channel = int("Mod", int("Div", index, high * wide), channels);
  const first = withBatch ? add(int("Mul", int("Div", index, channels * high * wide), height), row) : row;
  const position = add(int("Mul", add(int("Mul", first, width), column), channels), channel);
  if (![...before, ...after].some((p) => p > 0)) return position;
  // A window that saw nothing but padding.
  const nothing = g.node("Equal", [max, g.scalar(Number.NEGATIVE_INFINITY)], {}, max.shape, "bool");
  return g.node("Where", [nothing, g.scalar(-1, "int64"), position], {}, max.shape, "int64");
}
