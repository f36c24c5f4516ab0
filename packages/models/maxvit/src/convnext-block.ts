// The ConvNeXt block as timm's hybrids have it: depthwise 7x7, layer norm, perceptron. https://arxiv.org/abs/2201.03545

import { dropPath, fanInUniform, type Mode, param, type Spec, scope, tf } from "@vitrine/core";
import {
  activations,
  type Conv,
  convSpec,
  depthwiseConv,
  type LayerScale,
  layerScale,
  layerScaleSpec,
} from "@vitrine/core/layers";
import { type MaxViTConfig, refuse } from "./config.ts";
import { type Downsample, downsample, downsampleSpec } from "./downsample.ts";
import { convInit } from "./init.ts";
import { type Norm, norm, normSpec } from "./norm.ts";
import { type Pointwise, pointwise, pointwiseSpec } from "./pointwise.ts";

export interface ConvNeXtBlock {
  shortcut?: Downsample;
  conv_dw: Conv;
  norm: Norm;
  mlp: { fc1: Pointwise; fc2: Pointwise };
  ls?: LayerScale;
}

const KERNEL = 7;

export interface ConvNeXtShape {
  from: number;
  to: number;
  stride: number;
  /** Inside a MaxViT block; by itself the block keeps PyTorch's initial values. */
  inside: boolean;
}

export function convNeXtBlockSpec(c: MaxViTConfig, { from, to, stride, inside }: ConvNeXtShape): Spec<ConvNeXtBlock> {
  if (to % from !== 0)
    throw refuse(`convBlockType "convnext" multiplies channels, and embedDim goes from ${from} to ${to}`);
  if (c.convStrideMode === "1x1") throw refuse('convBlockType "convnext" needs convStrideMode "pool" or "dw"');
  const hidden = Math.trunc(c.convExpandRatio * to);
  const init = (fanIn: number, groups = 1) => (inside ? convInit(c.weightInit, fanIn, groups) : fanInUniform(fanIn));
  const bias = c.convOutputBias;
  const layer = (input: number, output: number) =>
    pointwiseSpec(input, output, { asConv: true, bias, init: init(input) });
  // In memory a kernel has its outputs for one input last, so a fan-out is that of its group already.
  const kernel = init(KERNEL * KERNEL);
  const weight = param([KERNEL, KERNEL, from, to / from], kernel, { layout: "depthwise" });
  return {
    ...(stride === 2 ? { shortcut: downsampleSpec(from, to, convSpec(1, from, to, { init: init(from) })) } : {}),
    conv_dw: bias ? { weight, bias: param([to], kernel) } : { weight },
    norm: normSpec(c.convNormLayer, to),
    mlp: { fc1: layer(to, hidden), fc2: layer(hidden, to) },
    ...(c.convInitValues ? { ls: layerScaleSpec(to, c.convInitValues) } : {}),
  } as Spec<ConvNeXtBlock>;
}

/** x: [B, H, W, I] → [B, H/stride, W/stride, O]. */
export function convNeXtBlock(
  c: MaxViTConfig,
  p: ConvNeXtBlock,
  x: tf.Tensor4D,
  mode: Mode,
  { stride, rate }: { stride: number; rate: number },
): tf.Tensor4D {
  const shortcut = stride === 2 ? downsample(p.shortcut, x, "avg2") : x;
  const pools = stride === 2 && c.convStrideMode === "pool";
  const pooled = pools ? downsample(undefined, x, c.convDownsamplePoolType) : x;
  const near = depthwiseConv(p.conv_dw, pooled, { stride: pools ? 1 : stride, padding: (KERNEL - 1) / 2 });
  const read = norm(p.norm, near, scope(mode, "norm"), c.convNormEps); //                              [B, H/s, W/s, O]
  const thought = pointwise(p.mlp.fc2, activations[c.convActLayer](pointwise(p.mlp.fc1, read)));
  return tf.add(dropPath(layerScale(p.ls, thought), rate, mode), shortcut);
}
