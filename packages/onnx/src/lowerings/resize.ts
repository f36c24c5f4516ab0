// Resizing of images, and its gradients.

import type { Builder } from "../builder.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { ResizeKernels } from "../kernels-image.ts";
import { NCHW, permuteShape, type Sym } from "../sym.ts";
import { isEmpty } from "./window.ts";

interface Sampling {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

export const resize: LoweringsOf<ResizeKernels> = {
  ResizeBilinear({ images }, { size, alignCorners, halfPixelCenters }, g) {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const shape = [batch, ...size, channels];
    if (isEmpty(shape) || isEmpty(images.shape)) return g.splat(0, shape);
    if (height === size[0] && width === size[1])
      return g.elementwise(([x]) => g.cast(x!, "float32"), [images], "float32");
    const mode = alignCorners ? "align_corners" : halfPixelCenters ? "half_pixel" : "asymmetric";
    const physical = permuteShape(shape, NCHW);
    const inputs = [g.cast(g.as(images, NCHW), "float32"), undefined, undefined, g.ints(physical)];
    const attributes = { mode: "linear", coordinate_transformation_mode: mode };
    return g.sym(g.node("Resize", inputs, attributes, physical), NCHW);
  },
  ResizeBilinearGrad: ({ images, dy }, attrs, g) => gradient(images, dy, bilinear, attrs, g),
  // ONNX's own nearest resize works in single precision, and takes the neighbour where a position falls on a border.
  ResizeNearestNeighbor({ images }, { size, ...sampling }, g) {
    let { perm, value } = images.origin;
    size.forEach((to, i) => {
      const from = images.shape[i + 1]!;
      const rows = Array.from({ length: to }, (_, at) => nearest(at, from, to, sampling)[0]![0]);
      if (to === from && rows.every((row, at) => row === at)) return;
      const axis = perm.indexOf(i + 1);
      const shape = value.shape.map((d, k) => (k === axis ? to : d));
      value = g.node("Gather", [value, g.ints(rows)], { axis }, shape, value.dtype);
    });
    return g.sym(value, perm);
  },
  ResizeNearestNeighborGrad: ({ images, dy }, attrs, g) => gradient(images, dy, nearest, attrs, g),
};

/** Which rows of `from` the row `at` of `to` is made of, and with what weights. */
type Sampler = (at: number, from: number, to: number, sampling: Sampling) => [row: number, weight: number][];

function scale(from: number, to: number, alignCorners: boolean): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

const bilinear: Sampler = (at, from, to, { alignCorners, halfPixelCenters }) => {
  const ratio = scale(from, to, alignCorners);
  const position = halfPixelCenters ? ratio * (at + 0.5) - 0.5 : ratio * at;
  const low = Math.max(0, Math.floor(position));
  const high = Math.min(from - 1, Math.ceil(position));
  return [
    [low, 1 - (position - low)],
    [high, position - low],
  ];
};

const nearest: Sampler = (at, from, to, { alignCorners, halfPixelCenters }) => {
  const position = scale(from, to, alignCorners) * (halfPixelCenters ? at + 0.5 : at);
  const row = alignCorners ? Math.round(position) : Math.floor(position);
  return [[Math.max(0, Math.min(from - 1, row)), 1]];
};

/**
 * Resizing multiplies rows and columns by a matrix each; the gradient multiplies by their transposes. (TensorFlow.js'
 * kernels for it leave `halfPixelCenters` out of account; this is the derivative of what the forward pass computes.)
 */
function gradient(images: Sym, dy: Sym, sampler: Sampler, sampling: Sampling, g: Builder): Sym {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [, high, wide] = dy.shape as [number, number, number, number];
  if (isEmpty(images.shape) || isEmpty(dy.shape)) return g.splat(0, images.shape);
  const columns = matrix(width, wide, sampler, sampling);
  const rows = transposed(matrix(height, high, sampler, sampling), high, height);
  const right = g.literal(columns, [wide, width], "float32");
  const left = g.literal(rows, [height, high], "float32");
  const narrow = g.node("MatMul", [g.as(dy, NCHW), right], {}, [batch, channels, high, width]);
  return g.sym(g.node("MatMul", [left, narrow], {}, [batch, channels, height, width]), NCHW);
}

/** [to, from]: how much of each row of `from` is in each row of `to`. */
function matrix(from: number, to: number, sampler: Sampler, sampling: Sampling): Float32Array {
  const values = new Float32Array(to * from);
  for (let at = 0; at < to; at++)
    for (const [row, weight] of sampler(at, from, to, sampling)) values[at * from + row]! += weight;
  return values;
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}
