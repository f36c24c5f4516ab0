// Convolutions. ONNX wants images as batch, channels, image and filters as output channels, input channels, window; the
// tensors keep that order until something needs the logical one.

import { tf } from "@vitrine/core";
import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { ConvKernels } from "../kernels-image.ts";
import { Sym } from "../sym.ts";
import { activate } from "./fused.ts";
import { byPatches, patchConv } from "./patches.ts";
import { attributesOf, filterOrder, imageOf, isEmpty, type Window, windowOf } from "./window.ts";

export const conv: LoweringsOf<ConvKernels> = {
  Conv2D: ({ x, filter }, attrs, g) => convolve(x, filter, conv2dWindow("Conv2D", x.shape, filter.shape, attrs), g),
  Conv3D({ x, filter }, { strides, pad, dilations }, g) {
    const shapes = [x.shape, filter.shape] as [Shape5, Shape5];
    const info = tf.backend_util.computeConv3DInfo(...shapes, strides, dilations, pad);
    return convolve(x, filter, windowOf("Conv3D", info), g);
  },
  FusedConv2D({ x, filter, bias, preluActivationWeights }, attrs, g) {
    const w = conv2dWindow("FusedConv2D", x.shape, filter.shape, attrs);
    const y = convolve(x, filter, w, g, bias && along(bias, attrs.dataFormat, g));
    const slope = preluActivationWeights && along(preluActivationWeights, attrs.dataFormat, g);
    return activate(y, attrs, slope, g);
  },
};

export type Shape4 = [number, number, number, number];
export type Shape5 = [number, number, number, number, number];

export interface Conv2DOptions {
  strides: tf.Conv2DAttrs["strides"];
  pad: tf.Conv2DAttrs["pad"];
  dilations?: tf.Conv2DAttrs["dilations"];
  dataFormat?: tf.Conv2DAttrs["dataFormat"];
  dimRoundingMode?: tf.Conv2DAttrs["dimRoundingMode"];
}

/** The window of a two-dimensional convolution, as TensorFlow.js defines it. */
export function conv2dWindow(
  kernelName: string,
  image: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations, dataFormat, dimRoundingMode }: Conv2DOptions,
  { depthwise = false, result }: { depthwise?: boolean; result?: readonly number[] } = {},
): Window {
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat ?? "NHWC");
  const shapes = [image, filter] as unknown as [Shape4, Shape4];
  const info = tf.backend_util.computeConv2DInfo(
    ...shapes,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
    format,
  );
  return windowOf(kernelName, info, result);
}

function convolve(x: Sym, filter: Sym, w: Window, g: Builder, bias?: Sym): Sym {
  if (byPatches(w, g) && x.perm === undefined && !isEmpty(w.outShape) && !isEmpty(w.inShape)) {
    const y = patchConv(x, filter, w, g);
    return bias === undefined ? y : g.elementwise("Add", [y, bias]);
  }
  const weights = g.as(filter, filterOrder(filter.rank));
  return applyFilter(x, weights, 1, w, g, bias);
}

/** A convolution with `weights` in ONNX's order, and a bias added to the result. */
export function applyFilter(x: Sym, weights: Value, group: number, w: Window, g: Builder, bias?: Sym): Sym {
  if (isEmpty(w.outShape)) return g.splat(0, w.outShape);
  const shape = [w.batch, w.outChannels, ...w.out];
  const image = imageOf(x, w, g);
  const attributes = attributesOf(w, group);
  if (bias === undefined) return g.sym(g.node("Conv", [image, weights], attributes, shape), w.perm);
  // The operator takes a number for each output channel; any other bias is added after it.
  const channels =
    bias.rank > 0 && bias.shape.every((d, axis) => d === (axis === channelAxis(bias, w) ? w.outChannels : 1));
  if (channels) {
    const inputs = [image, weights, g.reshape(g.value(bias), [w.outChannels])];
    return g.sym(g.node("Conv", inputs, attributes, shape), w.perm);
  }
  return g.elementwise("Add", [g.sym(g.node("Conv", [image, weights], attributes, shape), w.perm), bias]);
}

/** The axis of `bias` that meets the channels of the result. */
function channelAxis(bias: Sym, w: Window): number {
  return w.perm[1]! - w.outShape.length + bias.rank;
}

/** A bias or slope for each channel, where it would otherwise meet the last axis. TensorFlow.js aligns rank 1 only. */
function along(x: Sym, dataFormat: string, g: Builder): Sym {
  if (dataFormat !== "NCHW" || x.rank !== 1 || x.shape[0] === 1) return x;
  const shape = [x.shape[0]!, 1, 1];
  return new Sym(shape, x.dtype, g.reshape(g.value(x), shape));
}
