// The convolutional parts of MIT's EfficientViT: a convolution with norm and activation, and the blocks that are chains of
// such convolutions.

import { type Mode, type Spec, scope, type tf } from "@vitrine/core";
import {
  type Activation,
  activations,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
} from "@vitrine/core/layers";

/** timm's `ConvNormAct` of this model: norm and activation may be absent. */
export interface ConvNormAct {
  conv: Conv;
  norm?: BatchNorm;
}

export interface ConvShape {
  kernel: number;
  from: number;
  to: number;
  stride?: number;
  depthwise?: boolean;
  bias?: boolean;
  norm?: boolean;
}

export function convNormActSpec({
  kernel,
  from,
  to,
  depthwise,
  bias = false,
  norm = true,
}: ConvShape): Spec<ConvNormAct> {
  const own = depthwise ? depthwiseConvSpec(kernel, from, { bias }) : convSpec(kernel, from, to, { bias });
  return { conv: own, ...(norm ? { norm: batchNormSpec(to) } : {}) } as Spec<ConvNormAct>;
}

export interface ConvNormActOptions {
  stride?: number | undefined;
  depthwise?: boolean | undefined;
  activation?: Activation | undefined;
  epsilon: number;
}

/** x: [B, H, W, I] → [B, H', W', O]; the size stays, but for the stride. */
export function convNormAct(
  p: ConvNormAct,
  x: tf.Tensor4D,
  mode: Mode,
  { stride = 1, depthwise = false, activation, epsilon }: ConvNormActOptions,
): tf.Tensor4D {
  const padding = Math.floor(p.conv.weight.shape[0] / 2);
  const filtered = (depthwise ? depthwiseConv : conv)(p.conv, x, { stride, padding });
  const normed = p.norm === undefined ? filtered : batchNorm(p.norm, filtered, scope(mode, "norm"), { epsilon });
  return activation === undefined ? normed : activations[activation](normed);
}

export interface LocalBlockShape {
  from: number;
  to: number;
  stride: number;
  /** Width of the hidden channels over that of the input. */
  expandRatio: number;
  /** Norm of the last convolution alone; the others have biases instead. */
  fewerNorm: boolean;
  /** A dense convolution where there would else be a depthwise one: faster on large hardware. */
  fused: boolean;
  /** Widen by a convolution of its own even where the ratio is 1. */
  inverted?: boolean;
}

export type LocalBlock = Record<string, ConvNormAct>;

type Step = ConvShape & { name: string };

/** The convolutions of a block, in order, by timm's names; all but the last are activated. */
function stepsOf({ from, to, stride, expandRatio, fewerNorm, fused, inverted }: LocalBlockShape): Step[] {
  const wide = halfToEven(from * expandRatio);
  const widen = { name: "inverted_conv", kernel: 1, from, to: wide };
  const dense = (name: string, step: { from: number; to: number; stride?: number }) => ({ name, kernel: 3, ...step });
  const depth = (width: number) => ({ name: "depth_conv", kernel: 3, from: width, to: width, stride, depthwise: true });
  const point = (width: number) => ({ name: "point_conv", kernel: 1, from: width, to });
  const chain: Step[] =
    expandRatio === 1 && !inverted
      ? fused
        ? [dense("conv1", { from, to: wide, stride }), dense("conv2", { from: wide, to })]
        : [depth(from), point(from)]
      : fused
        ? [dense("spatial_conv", { from, to: wide, stride }), point(wide)]
        : [widen, depth(wide), point(wide)];
  const plain = (i: number) => fewerNorm && i + 1 < chain.length;
  return chain.map((step, i) => ({ ...step, bias: plain(i), norm: !plain(i) }));
}

/** To the nearest whole number, and from the middle to the even one, as Python rounds. */
function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

export function localBlockSpec(shape: LocalBlockShape): Spec<LocalBlock> {
  return Object.fromEntries(stepsOf(shape).map(({ name, ...step }) => [name, convNormActSpec(step)]));
}

/** x: [B, H, W, I] → [B, H / stride, W / stride, O], sizes rounded up. */
export function localBlock(
  shape: LocalBlockShape,
  p: LocalBlock,
  x: tf.Tensor4D,
  mode: Mode,
  { activation, epsilon }: { activation: Activation; epsilon: number },
): tf.Tensor4D {
  return stepsOf(shape).reduce((input, { name, stride, depthwise }, i, { length }) => {
    const act = i + 1 < length ? activation : undefined;
    return convNormAct(p[name]!, input, scope(mode, name), { stride, depthwise, activation: act, epsilon });
  }, x);
}
