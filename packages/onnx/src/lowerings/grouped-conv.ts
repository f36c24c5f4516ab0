// Convolutions in groups, an op of @vitrine/core: ONNX' Conv knows groups, and so do its gradients.

import type { GroupedConvAttrs } from "@vitrine/core";
import type { LoweringsOf } from "../kernels.ts";
import type { GroupedConvKernels } from "../kernels-image.ts";
import { OIHW } from "../sym.ts";
import { applyFilter, conv2dWindow } from "./conv.ts";
import { backwards, filterGradient } from "./conv-grad.ts";
import { imageOf, isEmpty, resultOf, type Window } from "./window.ts";

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
    return backwards(resultOf(dy, w, g), g.as(filter, OIHW), groups, w, g);
  },
  GroupedConv2DBackpropFilter({ x, dy }, attrs, g) {
    const w = windowOf("GroupedConv2DBackpropFilter", x.shape, attrs.filterShape, attrs, dy.shape);
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, attrs.filterShape);
    const groups = groupsOf(w, attrs.filterShape);
    return g.sym(filterGradient(imageOf(x, w, g), resultOf(dy, w, g), groups, w, g), OIHW);
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
