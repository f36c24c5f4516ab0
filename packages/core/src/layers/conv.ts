// Two-dimensional convolutions. In memory HWIO and NHWC; checkpoints hold PyTorch's OIHW.

import { fanInUniform, type Initializer } from "../init.ts";
import { param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";

export interface Conv {
  weight: tf.Tensor4D;
  bias?: tf.Tensor1D;
}

export interface ConvSpecOptions {
  bias?: boolean;
  init?: Initializer;
}

export interface ConvOptions {
  stride?: number;
  /** Pixels added on each side, as in PyTorch; or TensorFlow's `same`. */
  padding?: number | "same";
  dilation?: number;
}

export function convSpec(kernel: number, from: number, to: number, options: ConvSpecOptions = {}): Spec<Conv> {
  const init = options.init ?? fanInUniform(kernel * kernel * from);
  const weight = param([kernel, kernel, from, to], init, { layout: "conv" });
  return ((options.bias ?? true) ? { weight, bias: param([to], init) } : { weight }) as Spec<Conv>;
}

export function depthwiseConvSpec(kernel: number, channels: number, options: ConvSpecOptions = {}): Spec<Conv> {
  const init = options.init ?? fanInUniform(kernel * kernel);
  const weight = param([kernel, kernel, channels, 1], init, { layout: "depthwise" });
  return ((options.bias ?? true) ? { weight, bias: param([channels], init) } : { weight }) as Spec<Conv>;
}

/** x: [B, H, W, I] → [B, H', W', O]. */
export function conv(
  p: Conv,
  x: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: ConvOptions = {},
): tf.Tensor4D {
  return shift(p, tf.conv2d(x, p.weight, stride, tfPadding(padding), "NHWC", dilation, rounding(padding)));
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

function shift(p: Conv, y: tf.Tensor4D): tf.Tensor4D {
  return p.bias === undefined ? y : tf.add(y, p.bias);
}

type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

function tfPadding(padding: number | "same"): "same" | ExplicitPadding {
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
