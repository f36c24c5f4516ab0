// The residual blocks: two wide convolutions, or a wide one between two that narrow and widen.

import { dropPath, type Mode, normal, type Spec, scope, tf, zeros } from "@vitrine/core";
import {
  type Activation,
  activations,
  avgPool2d,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  type ConvOptions,
  conv,
  convSpec,
  symmetricPadding,
} from "@vitrine/core/layers";
import { type BlockAttention, blockAttention, blockAttentionSpec, type ChannelAttention } from "./attention.ts";

export type BlockKind = "basic" | "bottleneck";

/** Output channels of a block, in widths of its stage. */
export const expansion: Record<BlockKind, number> = { basic: 1, bottleneck: 4 };

/** What the shortcut does where the shape changes: a convolution, or a mean of neighbours and a convolution of one pixel. */
export interface Shortcut {
  kind: "conv" | "avg";
  kernel: number;
}

/** One block of the plan that the configuration makes. */
export interface BlockPlan {
  path: string;
  kind: BlockKind;
  from: number;
  /** Width of the stage. */
  planes: number;
  /** Channels inside the block, ahead of and behind the (possibly) striding convolution. */
  first: number;
  inner: number;
  stride: number;
  dilation: number;
  firstDilation: number;
  groups: number;
  shortcut: Shortcut | undefined;
  /** A mean of neighbours does the striding. */
  antiAlias: boolean;
  attention: ChannelAttention;
  activation: Activation;
  dropPath: number;
  zeroInitLast: boolean;
}

export interface Block {
  conv1: Conv;
  bn1: BatchNorm;
  conv2: Conv;
  bn2: BatchNorm;
  conv3?: Conv;
  bn3?: BatchNorm;
  se?: BlockAttention;
  downsample?: Downsample;
}

/** Positions of timm's sequential module: with pooling ahead, the convolution is its second entry. */
export type Downsample = { 0: Conv; 1: BatchNorm } | { 1: Conv; 2: BatchNorm };

export const outChannels = (plan: BlockPlan) => plan.planes * expansion[plan.kind];

/** A convolution without bias, as all ahead of a norm, from He's initial values by the number of its outputs. */
export function bareConvSpec(kernel: number, from: number, to: number, groups = 1): Spec<Conv> {
  return convSpec(kernel, from, to, { bias: false, groups, init: normal(Math.sqrt(2 / (kernel * kernel * to))) });
}

export function blockSpec(plan: BlockPlan): Spec<Block> {
  const { from, first, inner } = plan;
  const out = outChannels(plan);
  const last = batchNormSpec(out, plan.zeroInitLast ? zeros : undefined);
  const branch =
    plan.kind === "basic"
      ? {
          conv1: bareConvSpec(3, from, first),
          bn1: batchNormSpec(first),
          conv2: bareConvSpec(3, first, out),
          bn2: last,
        }
      : {
          conv1: bareConvSpec(1, from, first),
          bn1: batchNormSpec(first),
          conv2: bareConvSpec(3, first, inner, plan.groups),
          bn2: batchNormSpec(inner),
          conv3: bareConvSpec(1, inner, out),
          bn3: last,
        };
  return {
    ...branch,
    ...blockAttentionSpec(plan.attention, out),
    ...(plan.shortcut ? { downsample: downsampleSpec(plan.shortcut, from, out) } : {}),
  } as Spec<Block>;
}

function downsampleSpec({ kind, kernel }: Shortcut, from: number, to: number): Spec<Downsample> {
  return kind === "avg"
    ? { 1: bareConvSpec(1, from, to), 2: batchNormSpec(to) }
    : { 0: bareConvSpec(kernel, from, to), 1: batchNormSpec(to) };
}

/** x: [B, H, W, from] → [B, H / stride, W / stride, out]. */
export function block(plan: BlockPlan, p: Block, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const bend = activations[plan.activation];
  const unit = (i: 1 | 2 | 3, input: tf.Tensor4D, options: ConvOptions = {}) =>
    batchNorm(p[`bn${i}`]!, conv(p[`conv${i}`]!, input, options), scope(mode, `bn${i}`));
  const striding = {
    stride: plan.antiAlias ? 1 : plan.stride,
    padding: plan.firstDilation,
    dilation: plan.firstDilation,
  };
  const soft = (y: tf.Tensor4D) => (plan.antiAlias ? avgPool2d(y, { kernel: plan.stride }) : y);

  let y: tf.Tensor4D;
  if (plan.kind === "basic") {
    y = soft(bend(unit(1, x, striding)));
    y = unit(2, y, { padding: plan.dilation, dilation: plan.dilation });
  } else {
    y = bend(unit(1, x));
    y = soft(bend(unit(2, y, striding)));
    y = unit(3, y);
  }
  if (p.se) y = blockAttention(plan.attention, p.se, y);
  y = dropPath(y, plan.dropPath, mode);
  return bend(tf.add(y, plan.shortcut ? downsample(plan, p.downsample!, x, scope(mode, "downsample")) : x));
}

function downsample(plan: BlockPlan, p: Downsample, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  if ("0" in p) {
    const kernel = p[0].weight.shape[0];
    const dilation = kernel > 1 ? plan.firstDilation : 1;
    const options = { stride: plan.stride, padding: symmetricPadding(kernel, plan.stride, dilation), dilation };
    return batchNorm(p[1], conv(p[0], x, options), scope(mode, "1"));
  }
  return batchNorm(p[2], conv(p[1], neighbours(plan, x)), scope(mode, "2"));
}

/** Means of 2x2 neighbours, side by side, or where the stage is dilated in place of striding, one at each pixel. */
function neighbours({ stride, dilation }: BlockPlan, x: tf.Tensor4D): tf.Tensor4D {
  if (dilation > 1) return avgPool2d(x, { kernel: 2, stride: 1, padding: "same" });
  return stride === 1 ? x : avgPool2d(x, { kernel: 2, ceilMode: true, countIncludePad: false });
}
