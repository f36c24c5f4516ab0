// The block of a RegNet: a bottleneck in groups, with squeeze and excitation in its middle. And its form with norms ahead of
// the convolutions (RegNetV).

import { dropPath, type Mode, normal, type Spec, scope, tf, zeros } from "@vitrine/core";
import {
  type Activation,
  activations,
  avgPool2d,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  type ConvNorm,
  conv,
  convNorm,
  convNormSpec,
  convSpec,
  makeDivisible,
  type SqueezeExcite,
  squeezeExcite,
  squeezeExciteSpec,
} from "@vitrine/core/layers";
import { roundEven } from "./widths.ts";

/** What the shortcut does where the shape changes; with neither there is none, and nothing is added. */
export type ShortcutKind = "conv1x1" | "avg" | "" | null;

/** One block of the plan that the configuration makes. */
export interface BlockPlan {
  path: string;
  from: number;
  width: number;
  stride: number;
  dilation: number;
  /** The shape changes from the block's input to its output, or the dilation within it. */
  changes: boolean;
  bottleRatio: number;
  groupSize: number;
  seRatio: number;
  shortcut: ShortcutKind;
  /** Without an activation at the end. */
  linearOut: boolean;
  preact: boolean;
  activation: Activation;
  dropPath: number;
  zeroInitLast: boolean;
}

export interface Bottleneck {
  conv1: ConvNorm;
  conv2: ConvNorm;
  se?: SqueezeExcite;
  conv3: ConvNorm;
  downsample?: ConvNorm | { 1: ConvNorm };
}

export interface PreBottleneck {
  norm1: BatchNorm;
  conv1: Conv;
  norm2: BatchNorm;
  conv2: Conv;
  se?: SqueezeExcite;
  norm3: BatchNorm;
  conv3: Conv;
  downsample?: Conv | { 1: Conv };
}

export type Block = Bottleneck | PreBottleneck;

/** Options of a convolution without bias, with initial values by the number of its outputs. */
export const bare = (kernel: number, to: number, groups = 1) => ({
  bias: false,
  groups,
  init: normal(Math.sqrt((2 * groups) / (kernel * kernel * to))),
});

export function blockSpec(plan: BlockPlan): Spec<Block> {
  const { from, width } = plan;
  const inner = roundEven(width * plan.bottleRatio);
  const wide = bare(3, inner, Math.floor(inner / plan.groupSize));
  const se = plan.seRatio > 0 ? { se: gateSpec(inner, roundEven(from * plan.seRatio)) } : {};
  if (plan.preact) {
    const shortcut = hasDownsample(plan) ? convSpec(1, from, width, bare(1, width)) : undefined;
    return {
      norm1: batchNormSpec(from),
      conv1: convSpec(1, from, inner, bare(1, inner)),
      norm2: batchNormSpec(inner),
      conv2: convSpec(3, inner, inner, wide),
      ...se,
      norm3: batchNormSpec(inner),
      conv3: convSpec(1, inner, width, bare(1, width)),
      ...downsampleSpec(plan, shortcut),
    } as Spec<PreBottleneck>;
  }
  const shortcut = hasDownsample(plan) ? convNormSpec(1, from, width, bare(1, width)) : undefined;
  const last = { ...bare(1, width), ...(plan.zeroInitLast ? { normInit: zeros } : {}) };
  return {
    conv1: convNormSpec(1, from, inner, bare(1, inner)),
    conv2: convNormSpec(3, inner, inner, wide),
    ...se,
    conv3: convNormSpec(1, inner, width, last),
    ...downsampleSpec(plan, shortcut),
  } as Spec<Bottleneck>;
}

const hasDownsample = (plan: BlockPlan) => plan.changes && Boolean(plan.shortcut);

/** Behind a pooling the reference's convolution is the second entry of a sequence. */
function downsampleSpec<S>({ shortcut }: BlockPlan, layer: S | undefined) {
  if (layer === undefined) return {};
  return { downsample: shortcut === "avg" ? { 1: layer } : layer };
}

function gateSpec(channels: number, asked: number): Spec<SqueezeExcite> {
  const reduced = asked > 0 ? asked : makeDivisible(channels / 16, 8, 0);
  const init = (to: number) => normal(Math.sqrt(2 / to));
  const { fc1, fc2 } = squeezeExciteSpec(channels, reduced, { biasInit: zeros });
  return {
    fc1: { ...fc1, weight: { ...fc1.weight, init: init(reduced) } },
    fc2: { ...fc2, weight: { ...fc2.weight, init: init(channels) } },
  };
}

/** x: [B, H, W, from] → [B, H / stride, W / stride, width]. */
export function block(plan: BlockPlan, p: Block, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  return "norm1" in p ? preBottleneck(plan, p, x, mode) : bottleneck(plan, p, x, mode);
}

function bottleneck(plan: BlockPlan, p: Bottleneck, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const { activation, stride, dilation } = plan;
  let y = convNorm(p.conv1, x, scope(mode, "conv1"), { activation });
  y = convNorm(p.conv2, y, scope(mode, "conv2"), { activation, stride, dilation, padding: dilation });
  if (p.se) y = squeezeExcite(p.se, y, { activation });
  y = convNorm(p.conv3, y, scope(mode, "conv3"));
  const inner = scope(mode, "downsample");
  const sum = addShortcut(plan, y, x, mode, () => {
    const pooled = pool(plan, x);
    const given = p.downsample!;
    return "1" in given
      ? convNorm(given[1], pooled, scope(inner, "1"))
      : convNorm(given, pooled, inner, { stride, padding: 0 });
  });
  return plan.linearOut ? sum : activations[activation](sum);
}

function preBottleneck(plan: BlockPlan, p: PreBottleneck, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const { activation, stride, dilation } = plan;
  const normed = (norm: "norm1" | "norm2" | "norm3", input: tf.Tensor4D) =>
    activations[activation](batchNorm(p[norm], input, scope(mode, norm)));
  const x = normed("norm1", images);
  let y = normed("norm2", conv(p.conv1, x));
  y = conv(p.conv2, y, { stride, dilation, padding: dilation });
  if (p.se) y = squeezeExcite(p.se, y, { activation });
  y = conv(p.conv3, normed("norm3", y));
  return addShortcut(plan, y, x, mode, () => {
    const pooled = pool(plan, x);
    const given = p.downsample!;
    return "1" in given ? conv(given[1], pooled) : conv(given, pooled, { stride });
  });
}

/** The branch with the input added, which `changed` brings to the branch's shape. */
function addShortcut(
  plan: BlockPlan,
  y: tf.Tensor4D,
  x: tf.Tensor4D,
  mode: Mode,
  changed: () => tf.Tensor4D,
): tf.Tensor4D {
  if (plan.changes && !plan.shortcut) return y;
  return tf.add(dropPath(y, plan.dropPath, mode), plan.changes ? changed() : x);
}

/** Means of 2x2 neighbours ahead of the shortcut's convolution. */
function pool({ shortcut, stride, dilation }: BlockPlan, x: tf.Tensor4D): tf.Tensor4D {
  if (shortcut !== "avg" || (stride === 1 && dilation === 1)) return x;
  if (dilation > 1) return avgPool2d(x, { kernel: 2, stride: 1, padding: "same" });
  return avgPool2d(x, { kernel: 2, ceilMode: true, countIncludePad: false });
}
