// Picking elements by index.

import { tf, VitrineError } from "@vitrine/core";
import type { DType, HostData } from "../graph.ts";
import type { GatherKernels, LoweringsOf } from "../kernels.ts";
import { identity } from "../sym.ts";
import { writer } from "./pointwise.ts";

export const gather: LoweringsOf<GatherKernels> = {
  GatherNd({ params, indices }, _attrs, g) {
    const [shape] = tf.backend_util.prepareAndValidate(tensorLike(params), tensorLike(indices));
    return g.node("GatherND", [params, g.cast(indices, "int64")], {}, shape, params.dtype);
  },
  GatherV2({ x, indices }, attrs, g) {
    const at = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
    // Throws where the shapes do not fit.
    tf.backend_util.segment_util.collectGatherOpShapeInfo(tensorLike(x), tensorLike(indices), at, attrs.batchDims);
    const batchDims = attrs.batchDims < 0 ? attrs.batchDims + indices.rank : attrs.batchDims;
    checkRange(indices.origin.value.data, x.shape[at]!);
    const places = g.cast(indices, indices.dtype === "int32" ? "int32" : "int64");
    if (batchDims === 0) {
      const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
      return g.node("Gather", [x, places], { axis: at }, shape, x.dtype);
    }
    // GatherND picks along the first axis after those of the batch: the axis goes there, and what it gave comes back.
    const { shape } = x;
    const middle = identity(at).slice(batchDims);
    const order = [...identity(batchDims), at, ...middle, ...identity(x.rank).slice(at + 1)];
    const column = g.cast(g.reshape(places, [...indices.shape, 1]), "int64");
    const moved = g.permute(g.value(x), order);
    const picked = [...indices.shape, ...order.slice(batchDims + 1).map((a) => shape[a]!)];
    const found = g.node("GatherND", [moved, column], { batch_dims: batchDims }, picked, x.dtype);
    const count = indices.rank - batchDims;
    const back = [
      ...identity(batchDims),
      ...middle.map((_, i) => indices.rank + i),
      ...Array.from({ length: count }, (_, i) => batchDims + i),
      ...identity(picked.length).slice(indices.rank + middle.length),
    ];
    return g.permute(found, back);
  },
  OneHot({ indices }, { depth, onValue, offValue, dtype }, g) {
    const type = (dtype ?? "int32") as DType;
    const steps = g.literal(
      Int32Array.from({ length: depth }, (_, i) => i),
      [depth],
      "int32",
    );
    const column = g.reshape(g.cast(indices, "int32"), [...indices.shape, 1]);
    const shape = [...indices.shape, depth];
    const hit = g.node("Equal", [column, steps], {}, shape, "bool");
    return writer(g)("Where", hit, g.scalar(onValue, type), g.scalar(offValue, type));
  },
};

/** Indices that are known now fail here, at the user's call, rather than when the program runs. */
function checkRange(indices: HostData | undefined, size: number): void {
  for (const index of indices ?? [])
    if (index < 0 || index >= size)
      throw new VitrineError("GatherV2", `the index value ${index} is not in [0, ${size - 1}]`);
}

/** What tfjs' own checks of shapes look at. */
function tensorLike({ shape, dtype }: { shape: number[]; dtype: DType }): tf.Tensor {
  return { shape, dtype, rank: shape.length } as unknown as tf.Tensor;
}
