// Depthwise convolutions: each channel by filters of its own. For ONNX they are convolutions with a group a channel, and
// the filter [H, W, C, M] is held as [C, M, H, W], whose rows are the output channels in TensorFlow.js' order.

import type { Builder } from "../builder.ts";
import type { Value } from "../graph.ts";
import type { LoweringsOf } from "../kernels.ts";
import type { DepthwiseKernels } from "../kernels-image.ts";
import { CMHW, type Sym } from "../sym.ts";
import { applyFilter, conv2dWindow } from "./conv.ts";
import { backwards, filterGradient } from "./conv-grad.ts";
import { activate } from "./fused.ts";
import { attributesOf, count, crop, imageOf, isEmpty, resultOf, type Window } from "./window.ts";

export const depthwise: LoweringsOf<DepthwiseKernels> = {
  DepthwiseConv2dNative({ x, filter }, attrs, g) {
    return convolve(
      x,
      filter,
      conv2dWindow("DepthwiseConv2dNative", x.shape, filter.shape, attrs, { depthwise: true }),
      g,
    );
  },
  DepthwiseConv2dNativeBackpropFilter({ x, dy }, attrs, g) {
    const { filterShape } = attrs;
    const w = conv2dWindow("DepthwiseConv2dNativeBackpropFilter", x.shape, filterShape, attrs, {
      depthwise: true,
      result: dy.shape,
    });
    if (isEmpty(w.outShape) || isEmpty(w.inShape)) return g.splat(0, filterShape);
    const times = w.outChannels / w.inChannels;
    const [image, d] = [imageOf(x, w, g), resultOf(dy, w, g)];
    const gradient = times === 1 ? asFilter(image, d, w, g) : filterGradient(image, d, w.inChannels, w, g);
    return g.sym(g.reshape(gradient, [w.inChannels, times, ...w.kernel]), CMHW);
  },
  DepthwiseConv2dNativeBackpropInput({ dy, filter }, attrs, g) {
    const w = conv2dWindow("DepthwiseConv2dNativeBackpropInput", attrs.inputShape, filter.shape, attrs, {
      depthwise: true,
      result: dy.shape,
    });
    if (isEmpty(w.inShape) || isEmpty(w.outShape)) return g.splat(0, w.inShape);
    return backwards(resultOf(dy, w, g), onePerChannel(filter, w, g), w.inChannels, w, g);
  },
  FusedDepthwiseConv2D({ x, filter, bias, preluActivationWeights }, attrs, g) {
    const w = conv2dWindow("FusedDepthwiseConv2D", x.shape, filter.shape, attrs, { depthwise: true });
    return activate(convolve(x, filter, w, g, bias), attrs, preluActivationWeights, g);
  },
};

function convolve(x: Sym, filter: Sym, w: Window, g: Builder, bias?: Sym): Sym {
  return applyFilter(x, onePerChannel(filter, w, g), w.inChannels, w, g, bias);
}

/** The filter as [output channels, 1, H, W]. */
function onePerChannel(filter: Sym, w: Window, g: Builder): Value {
  return g.reshape(g.as(filter, CMHW), [w.outChannels, 1, ...w.kernel]);
}

/**
 * A convolution of the image with `d` as its filter, every image and channel alone; stride and dilation change places. In
 * blocks of channels (passes/block-convs.ts) a quarter to a half of the time that sums over shifted images or products of
 * rows take.
 */
function asFilter(image: Value, d: Value, w: Window, g: Builder): Value {
  const planes = w.batch * w.inChannels;
  const stride = w.dilation;
  const found = w.size.map((size, i) => {
    const room = size + w.before[i]! + w.after[i]! - ((w.out[i]! - 1) * w.stride[i]! + 1);
    return Math.floor(room / stride[i]!) + 1;
  });
  const attributes = { ...attributesOf(w, planes), kernel_shape: w.out, strides: stride, dilations: w.stride };
  const inputs = [g.reshape(image, [1, planes, ...w.size]), g.reshape(d, [planes, 1, ...w.out])];
  const each = g.node("Conv", inputs, attributes, [1, planes, ...found]);
  // Rows that no window reaches give taps that the filter does not have.
  const taps = crop(each, [0, 0], w.kernel, g);
  const all = g.reshape(taps, [w.batch, w.inChannels, count(w.kernel)]);
  return g.node("ReduceSum", [all, g.ints([0])], { keepdims: 0 }, [w.inChannels, count(w.kernel)]);
}
