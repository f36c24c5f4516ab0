// Two-dimensional convolutions. In memory HWIO and NHWC; checkpoints hold PyTorch's OIHW.

import { VitrineError } from "../errors.ts";
import { fanInUniform, type Initializer } from "../init.ts";
import { type GroupedConvAttrs, groupedConv2d } from "../ops/grouped-conv.ts";
import { type ParamSpec, param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";
import { type Linear, linear } from "./linear.ts";

export interface Conv {
  weight: tf.Tensor4D;
  bias?: tf.Tensor1D;
}

export interface ConvSpecOptions {
  bias?: boolean;
  init?: Initializer;
  /** Default: that of the weight. */
  biasInit?: Initializer;
  /** Each of so many parts of the output channels sees its part of the input channels alone. */
  groups?: number;
}

export interface ConvOptions {
  stride?: number;
  /** Pixels added on each side, as in PyTorch; or TensorFlow's `same`. */
  padding?: number | "same";
  dilation?: number;
}

export function convSpec(kernel: number, from: number, to: number, options: ConvSpecOptions = {}): Spec<Conv> {
  const { groups = 1 } = options;
  if (from % groups !== 0 || to % groups !== 0)
    throw new VitrineError("conv", `${from} and ${to} channels do not divide into ${groups} groups`, { usage: true });
  const init = options.init ?? fanInUniform((kernel * kernel * from) / groups);
  const weight = param([kernel, kernel, from / groups, to], init, { layout: "conv" });
  return withBias(weight, to, init, options);
}

/** A convolution of one pixel for `pixelLinear`: the same keys and shapes in files as `convSpec(1, from, to)`. */
export function pixelLinearSpec(from: number, to: number, options: Omit<ConvSpecOptions, "groups"> = {}): Spec<Conv> {
  const init = options.init ?? fanInUniform(from);
  return withBias(param([1, 1, from, to], init, { layout: "pixel" }), to, init, options);
}

export function depthwiseConvSpec(
  kernel: number,
  channels: number,
  options: Omit<ConvSpecOptions, "groups"> = {},
): Spec<Conv> {
  const init = options.init ?? fanInUniform(kernel * kernel);
  const weight = param([kernel, kernel, channels, 1], init, { layout: "depthwise" });
  return withBias(weight, channels, init, options);
}

function withBias(weight: ParamSpec, to: number, init: Initializer, options: ConvSpecOptions): Spec<Conv> {
  const bias = (options.bias ?? true) ? { bias: param([to], options.biasInit ?? init) } : {};
  return { weight, ...bias } as Spec<Conv>;
}

/** x: [B, H, W, I] → [B, H', W', O]. The groups follow from the weight, [h, w, I / groups, O]. */
export function conv(
  p: Conv,
  x: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: ConvOptions = {},
): tf.Tensor4D {
  const groups = x.shape[3] / p.weight.shape[2];
  const plain = groups === 1 && dilation === 1;
  const filtered = plain
    ? tf.conv2d(x, p.weight, stride, tfPadding(padding), "NHWC", 1, rounding(padding))
    : inGroups(p.weight, x, { stride, padding: tfPadding(padding), dilation });
  return shift(p, filtered);
}

/** A group a channel is a depthwise convolution, which every backend has a kernel for. */
function inGroups(weight: tf.Tensor4D, x: tf.Tensor4D, attrs: GroupedConvAttrs): tf.Tensor4D {
  const [high, wide, inner, to] = weight.shape;
  const from = x.shape[3];
  if (inner > 1 || from === 1) return groupedConv2d(x, weight, attrs);
  const filter = tf.reshape(weight, [high, wide, from, to / from]) as tf.Tensor4D;
  const round = attrs.padding === "same" ? undefined : "floor";
  return tf.depthwiseConv2d(x, filter, attrs.stride, attrs.padding, "NHWC", attrs.dilation, round);
}

/**
 * A convolution of one pixel as a matrix product. The same numbers as `conv`; quicker where what stands before and behind it
 * works on the channels of each pixel, such as a layer norm. x: [..., I] → [..., O].
 */
export function pixelLinear<T extends tf.Tensor>(p: Conv, x: T): T {
  const weight = tf.reshape(p.weight, [p.weight.shape[2], p.weight.shape[3]]) as tf.Tensor2D;
  return linear(p.bias === undefined ? { weight } : { weight, bias: p.bias }, x);
}

/** x: [B, H, W, C] → [B, H', W', C], each channel by its own kernel. */
export function depthwiseConv(
  p: Conv,
  x: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: ConvOptions = {},
): tf.Tensor4D {
  const y = tf.depthwiseConv2d(x, p.weight, stride, tfPadding(padding), "NHWC", dilation, rounding(padding));
  return shift(p, y);
}

/**
 * A linear layer as a convolution of one pixel. Between convolutions a map may stay as they keep it, which a product of rows
 * would have to change. x: [B, H, W, I] → [B, H, W, O].
 */
export function pointwiseConv(p: Linear, x: tf.Tensor4D): tf.Tensor4D {
  const weight = tf.reshape(p.weight, [1, 1, ...p.weight.shape]) as tf.Tensor4D;
  return conv(p.bias === undefined ? { weight } : { weight, bias: p.bias }, x);
}

function shift(p: Conv, y: tf.Tensor4D): tf.Tensor4D {
  return p.bias === undefined ? y : tf.add(y, p.bias);
}

function tfPadding(padding: number | "same"): GroupedConvAttrs["padding"] {
  return padding === "same"
    ? "same"
    : [
        [0, 0],
        [padding, padding],
        [padding, padding],
        [0, 0],
      ];
}

// PyTorch drops the rows that a stride does not reach.
const rounding = (padding: number | "same") => (padding === "same" ? undefined : "floor");
