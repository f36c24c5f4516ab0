// Tensors from numbers.

import { tf } from "@vitrine/core";
import { hostArray } from "../builder.ts";
import { type DType, Value } from "../graph.ts";
import type { CreateKernels, LoweringsOf } from "../kernels.ts";
import { writer } from "./pointwise.ts";

export const create: LoweringsOf<CreateKernels> = {
  Diag({ x }, _attrs, g) {
    const size = tf.util.sizeFromShape(x.shape);
    const write = writer(g);
    const places = counted(size, "int32", (i) => i);
    const own = write("Equal", g.reshape(places, [size, 1]), places);
    const zero = g.scalar(0, x.dtype);
    return g.reshape(write("Where", own, g.reshape(g.value(x), [size, 1]), zero), [...x.shape, ...x.shape]);
  },
  Fill: (_inputs, { shape, value, dtype }, g) =>
    g.splat(Number(value), shape, (dtype ?? tf.util.inferDtype(value)) as DType),
  LinSpace: (_inputs, { start, stop, num }) =>
    counted(num, "float32", (i) =>
      i === num - 1 && num > 1 ? stop : start + (i * (stop - start)) / Math.max(1, num - 1),
    ),
  OnesLike: ({ x }, _attrs, g) => g.splat(1, x.shape, x.dtype),
  Range(_inputs, { start, stop, step = 1, dtype = "float32" }) {
    // A step of 1, which is the default, counts down where that is the way to go.
    const by = stop < start && step === 1 ? -1 : step;
    return counted(Math.max(0, Math.ceil((stop - start) / by)), dtype, (i) => start + i * by);
  },
  ZerosLike: ({ x }, _attrs, g) => g.splat(0, x.shape, x.dtype),
};

/** Numbers made on the host, which are fed rather than written into the program. */
function counted(length: number, dtype: DType, at: (i: number) => number): Value {
  return new Value([length], dtype, {
    data: hostArray(
      dtype,
      Array.from({ length }, (_, i) => at(i)),
    ),
  });
}
