// Convolutions in groups, an op of @vitrine/core. ONNX' Conv knows groups; what is special is the weight gradient: a small
// matrix product for each image and group.

import type { GroupedConvAttrs } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { GroupedConvKernels } from "../kernels-image.ts";
import { OIHW, type Sym } from "../sym.ts";
import { applyFilter, conv2dWindow } from "./conv.ts";
import { backwards } from "./conv-grad.ts";
import { product } from "./matmul.ts";
import { count, imageOf, isEmpty, resultOf, taps, type Window } from "./window.ts";

type Shape = readonly number[];

export const groupedConv: LoweringsOf<GroupedConvKernels> = {
  GroupedConv2D({ x, filter }, attrs, g) {
    const w = windowOf("GroupedConv2D", x.shape, filter.shape, attrs);
    return applyFilter(x, g.as(filter, OIHW), groupsOf(w, filter.shape), w, g);
  },
  GroupedConv2DBackpropInput({ dy, filter }, attrs, g) {
    const w = windowOf("GroupedConv2DBackpropInput", attrs.inputShape, filter.shape, attrs, dy.shape);
    if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
    const groups = groupsOf(w, filter.shape);
    return backwards(resultOf(dy, w, g), w, groups, g, {
      turned: () => turned(filter, groups, w, g),
      plain: () => g.as(filter, OIHW),
    });
  },
  GroupedConv2DBackpropFilter({ x, dy }, attrs, g) {
    const w = windowOf("GroupedConv2DBackpropFilter", x.shape, attrs.filterShape, attrs, dy.shape);
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, attrs.filterShape);
    return filterGradient(x, dy, w, groupsOf(w, attrs.filterShape), g);
  },
};

function windowOf(kernelName: string, image: Shape, filter: Shape, attrs: GroupedConvAttrs, result?: Shape): Window {
  const { stride, padding, dilation } = attrs;
  const rounding = typeof padding === "string" ? {} : { dimRoundingMode: "floor" as const };
  const options = { strides: stride, pad: padding, dilations: dilation, ...rounding };
  return conv2dWindow(kernelName, image, filter, options, result === undefined ? {} : { result });
}

function groupsOf(w: Window, filterShape: Shape): number {
  return w.inChannels / filterShape[2]!;
}

/** The filter with the channels of each group changed over: [in, out / groups, H, W]. */
function turned(filter: Sym, groups: number, w: Window, g: Builder): Value {
  const [inner, outer] = [w.inChannels / groups, w.outChannels / groups];
  const apart = g.reshape(g.as(filter, OIHW), [groups, outer, inner, ...w.kernel]);
  return g.reshape(g.permute(apart, [0, 2, 1, 3, 4]), [w.inChannels, outer, ...w.kernel]);
}

/** For each tap and group, what flows back times what the tap sees; summed over the batch. */
function filterGradient(x: Sym, dy: Sym, w: Window, groups: number, g: Builder): Sym {
  const [inner, outer] = [w.inChannels / groups, w.outChannels / groups];
  const positions = count(w.out);
  const [planes, size] = [w.batch * groups, count(w.kernel)];
  const d = g.reshape(resultOf(dy, w, g), [planes, outer, positions]);
  const seen = taps(imageOf(x, w, g), w, g).map((tap) => g.reshape(tap, [planes, inner, positions]));
  // All taps side by side: one tap's columns would be too few for a product to be quick.
  const columns = size === 1 ? seen[0]! : g.node("Concat", seen, { axis: 1 }, [planes, size * inner, positions]);
  const each = product(d, columns, false, true, [planes, outer, size * inner], g);
  const apart = g.reshape(each, [w.batch, groups, outer, size, inner]);
  const sum = g.node("ReduceSum", [apart, g.ints([0])], { keepdims: 0 }, [groups, outer, size, inner]);
  const filter = g.reshape(g.permute(sum, [0, 1, 3, 2]), [w.outChannels, inner, ...w.kernel]);
  return g.sym(filter, OIHW);
}
