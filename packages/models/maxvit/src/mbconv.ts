// Inverted bottleneck with squeeze and excitation: 1x1 to widen, depthwise 3x3, 1x1 to narrow, each behind a norm.
// https://arxiv.org/abs/1801.04381, https://arxiv.org/abs/1905.11946

import { dropPath, type Mode, type Spec, scope, tf } from "@vitrine/core";
import {
  type Conv,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
  makeDivisible,
  type SqueezeExcite,
  squeezeExcite,
  symmetricPadding,
} from "@vitrine/core/layers";
import { type MaxViTConfig, refuse } from "./config.ts";
import { type Downsample, downsample, downsampleSpec } from "./downsample.ts";
import { convInit } from "./init.ts";
import { type Norm, normAct, normSpec } from "./norm.ts";

export interface MbConv {
  shortcut?: Downsample;
  pre_norm: Norm;
  conv1_1x1: Conv;
  norm1: Norm;
  conv2_kxk: Conv;
  /** With squeeze and excitation ahead of the second norm; else it is `se`. */
  se_early?: SqueezeExcite;
  norm2: Norm;
  se?: SqueezeExcite;
  conv3_1x1: Conv;
}

export function mbConvSpec(c: MaxViTConfig, from: number, to: number, stride: number): Spec<MbConv> {
  const outer = c.convExpandOutput ? to : from;
  const inner = makeDivisible(outer * c.convExpandRatio);
  const point = (input: number, output: number, bias: boolean) =>
    convSpec(1, input, output, { bias, init: convInit(c.weightInit, input) });
  const gate = gateWidth(c, c.convExpandOutput ? to : inner, inner);
  const excitation = { fc1: point(inner, gate, true), fc2: point(gate, inner, true) };
  const se = !c.convAttnLayer ? {} : c.convAttnEarly ? { se_early: excitation } : { se: excitation };
  return {
    ...(stride === 2 ? { shortcut: downsampleSpec(from, to, point(from, to, c.convOutputBias)) } : {}),
    pre_norm: normSpec(c.convNormLayer, from),
    conv1_1x1: point(from, inner, false),
    norm1: normSpec(c.convNormLayer, inner),
    conv2_kxk: spatialSpec(c, inner),
    ...se,
    norm2: normSpec(c.convNormLayer, inner),
    conv3_1x1: point(inner, to, c.convOutputBias),
  } as Spec<MbConv>;
}

/** Width of squeeze and excitation; timm's own rule where the ratio leaves nothing. */
function gateWidth(c: MaxViTConfig, outer: number, inner: number): number {
  return Math.trunc(c.convAttnRatio * outer) || makeDivisible(inner / 16, 8, 0);
}

/** The convolution among neighbours: a kernel for each `convGroupSize` channels. */
function spatialSpec(c: MaxViTConfig, channels: number): Spec<Conv> {
  const { convKernelSize: kernel, convGroupSize: size } = c;
  if (size > 0 && channels % size !== 0) throw refuse(`convGroupSize ${size} does not divide ${channels} channels`);
  const groups = size === 0 ? 1 : channels / size;
  const init = convInit(c.weightInit, (kernel * kernel * channels) / groups, groups);
  if (size !== 1) return convSpec(kernel, channels, channels, { bias: false, groups, init });
  // In memory a depthwise kernel has one output for each input.
  return depthwiseConvSpec(kernel, channels, { bias: false, init: convInit(c.weightInit, kernel * kernel) });
}

/** x: [B, H, W, I] → [B, H/stride, W/stride, O]. */
export function mbConv(
  c: MaxViTConfig,
  p: MbConv,
  x: tf.Tensor4D,
  mode: Mode,
  { stride, rate }: { stride: number; rate: number },
): tf.Tensor4D {
  const { convStrideMode: at, convKernelSize: kernel, convPadding } = c;
  const inside = (name: string) => scope(mode, name);
  const strideAt = (place: MaxViTConfig["convStrideMode"]) => (at === place ? stride : 1);
  const shortcut = stride === 2 ? downsample(p.shortcut, x, c.convPoolType, convPadding) : x;

  const normed = normAct(c, p.pre_norm, x, inside("pre_norm"), c.convPreNormAct);
  const pooled = strideAt("pool") === 2 ? downsample(undefined, normed, c.convDownsamplePoolType, convPadding) : normed;
  const wide = normAct(c, p.norm1, conv(p.conv1_1x1, pooled, { stride: strideAt("1x1") }), inside("norm1"));
  const options = { stride: strideAt("dw"), padding: convPadding || symmetricPadding(kernel, strideAt("dw")) };
  const spatial = (c.convGroupSize === 1 ? depthwiseConv : conv)(p.conv2_kxk, wide, options); //    [B, H/s, W/s, inner]
  const mixed = normAct(c, p.norm2, excite(c, p.se_early, spatial), inside("norm2"));
  const narrow = conv(p.conv3_1x1, excite(c, p.se, mixed)); //                                      [B, H/s, W/s, O]
  return tf.add(dropPath(narrow, rate, mode), shortcut);
}

function excite(c: MaxViTConfig, p: SqueezeExcite | undefined, x: tf.Tensor4D): tf.Tensor4D {
  return p ? squeezeExcite(p, x, { activation: c.convAttnActLayer }) : x;
}
