// Picking elements by index, and putting them back.

import { tf } from "@vitrine/core";
import type { GatherKernels, LoweringsOf } from "../kernels.ts";

export const gather: LoweringsOf<GatherKernels> = {
  GatherV2({ x, indices }, { axis, batchDims }, g) {
    const at = tf.util.parseAxisParam(axis, x.shape)[0]!;
    if (batchDims !== 0) throw new Error("batchDims");
    const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
    return g.node("Gather", [x, indices], { axis: at }, shape, x.dtype);
  },
  OneHot({ indices }, { depth, onValue, offValue, dtype }, g) {
    const type = (dtype ?? "int32") as "float32" | "int32" | "bool";
    const steps = g.literal(
      Int32Array.from({ length: depth }, (_, i) => i),
      [depth],
      "int32",
    );
    const column = g.reshape(g.value(indices), [...indices.shape, 1]);
    const shape = [...indices.shape, depth];
    const hit = g.node("Equal", [column, steps], {}, shape, "bool");
    return g.node("Where", [hit, g.scalar(onValue, type), g.scalar(offValue, type)], {}, shape, type);
  },
};
