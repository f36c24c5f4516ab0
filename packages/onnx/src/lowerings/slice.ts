// Cutting tensors and adding to their edges.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { LoweringsOf, SliceKernels } from "../kernels.ts";
import { identity, type Perm, permuteShape, type Sym } from "../sym.ts";
import { reshape } from "./movement.ts";

/** Where a slice with a negative step ends after the first element; ONNX clamps it. */
const beforeStart = -(2 ** 31);

export const slices: LoweringsOf<SliceKernels> = {
  MirrorPad({ x }, { paddings, mode }, g) {
    // `reflect` does not repeat the edge, `symmetric` does. ONNX' Pad knows the first only.
    const edge = mode === "reflect" ? 1 : 0;
    return paddings.reduce((padded, [before, after], axis) => {
      if (before === 0 && after === 0) return padded;
      const size = x.shape[axis]!;
      const indices = Array.from({ length: before + size + after }, (_, i) => {
        const at = i - before;
        if (at < 0) return -at - 1 + edge;
        return at < size ? at : 2 * size - at - 1 - edge;
      });
      return take(padded, indices, axis, g);
    }, x);
  },
  PadV2: ({ x }, { paddings, constantValue }, g) => pad(x, paddings, constantValue, g),
  Reverse({ x }, { dims }, g) {
    const axes = tf.util.parseAxisParam(dims, x.shape);
    if (x.rank === 0 || axes.length === 0) return x;
    const perm: Perm = x.perm ?? x.origin.perm;
    const each = (value: number) => g.ints(axes.map(() => value));
    const inputs = [g.as(x, perm), each(-1), each(beforeStart), g.ints(axes.map((a) => perm.indexOf(a))), each(-1)];
    return g.sym(g.node("Slice", inputs, {}, permuteShape(x.shape, perm), x.dtype), perm);
  },
  Slice({ x }, { begin, size }, g) {
    const [starts, sizes] = tf.slice_util.parseSliceParams({ shape: x.shape } as tf.Tensor, begin, size);
    tf.slice_util.assertParamsValid({ shape: x.shape } as tf.TensorInfo, starts!, sizes!);
    return slice(x, starts!, sizes!, g);
  },
  StridedSlice({ x }, attrs, g) {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
    const plan = tf.slice_util.sliceInfo(x.shape, begin, end, strides, ...masks);
    if (plan.isIdentity) return reshape(x, plan.finalShape, g);
    const ends = plan.end.map((stop, axis) => (plan.strides[axis]! < 0 && stop < 0 ? beforeStart : stop));
    const axes = identity(x.rank);
    const literals = [plan.begin, ends, axes, plan.strides].map((v) => g.ints(v));
    const cut = g.node("Slice", [x, ...literals], {}, plan.finalShapeSparse, x.dtype);
    return g.reshape(cut, plan.finalShape);
  },
};

export function slice(x: Sym, begin: readonly number[], size: readonly number[], g: Builder): Sym {
  if (size.every((d, axis) => d === x.shape[axis])) return x;
  const perm: Perm = x.perm ?? x.origin.perm;
  const cut = perm.map((axis, i) => ({
    i,
    begin: begin[axis]!,
    end: begin[axis]! + size[axis]!,
    full: x.shape[axis]!,
  }));
  const axes = cut.filter(({ begin, end, full }) => begin !== 0 || end !== full);
  const literals = [axes.map((c) => c.begin), axes.map((c) => c.end), axes.map((c) => c.i)].map((v) => g.ints(v));
  return g.sym(g.node("Slice", [g.as(x, perm), ...literals], {}, permuteShape(size, perm), x.dtype), perm);
}

export function pad(x: Sym, paddings: readonly (readonly [number, number])[], value: number, g: Builder): Sym {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const perm = x.perm ?? x.origin.perm;
  const before = perm.map((axis) => paddings[axis]![0]);
  const after = perm.map((axis) => paddings[axis]![1]);
  const shape = perm.map((axis) => x.shape[axis]! + paddings[axis]![0] + paddings[axis]![1]);
  const inputs = [g.as(x, perm), g.ints([...before, ...after]), g.scalar(value, x.dtype)];
  return g.sym(g.node("Pad", inputs, {}, shape, x.dtype), perm);
}

/** The elements of `x` at `indices` of an axis, in the order of axes it is held in. */
function take(x: Sym, indices: readonly number[], axis: number, g: Builder): Sym {
  const perm: Perm = x.perm ?? x.origin.perm;
  const at = perm.indexOf(axis);
  const value = g.as(x, perm);
  const shape = value.shape.map((d, i) => (i === at ? indices.length : d));
  return g.sym(g.node("Gather", [value, g.ints(indices)], { axis: at }, shape, x.dtype), perm);
}
