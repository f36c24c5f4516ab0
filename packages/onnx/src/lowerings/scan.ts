// Running sums and products along an axis.

import { tf } from "@vitrine/core";
import type { LoweringsOf, ScanKernels } from "../kernels.ts";
import { pointwise, retype } from "./pointwise.ts";
import { pad, slice } from "./slice.ts";

export const scan: LoweringsOf<ScanKernels> = {
  // ONNX has no running product: after step k each element is the product of 2^k neighbours.
  Cumprod({ x }, { axis, exclusive, reverse }, g) {
    const [at] = tf.util.parseAxisParam(axis, x.shape) as [number];
    const size = x.shape[at]!;
    const shift = (y: typeof x, by: number) => {
      const kept = x.shape.map((d, i) => (i === at ? d - by : d));
      const begin = x.shape.map((_, i) => (i === at && reverse ? by : 0));
      const paddings = x.shape.map((_, i): [number, number] => (i !== at ? [0, 0] : reverse ? [0, by] : [by, 0]));
      return pad(slice(y, begin, kept, g), paddings, 1, g);
    };
    let product = exclusive && size > 0 ? shift(x, 1) : x;
    for (let by = 1; by < size; by *= 2)
      product = pointwise("Mul", [product, shift(product, by)], g, { domain: "number" });
    return product;
  },
  Cumsum({ x }, { axis, exclusive, reverse }, g) {
    const [at] = tf.util.parseAxisParam(axis, x.shape) as [number];
    const summed = retype(x, x.dtype === "bool" ? "int32" : x.dtype, g);
    const attributes = { exclusive: +exclusive, reverse: +reverse };
    return g.node("CumSum", [summed, g.scalar(at, "int32")], attributes, x.shape, summed.dtype);
  },
};
