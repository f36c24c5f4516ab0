// EfficientViT of MIT, Cai et al. 2023, https://arxiv.org/abs/2205.14756
//
// Convolutional stages, and in the last ones multi-scale linear attention, whose cost grows linearly with the image. The
// b sizes are built from depthwise convolutions, the l sizes (`large`) of dense ones in their first stages. Parameters carry
// timm's names. Microsoft's model of the same name is in model-msra.ts.

import {
  adaptInputConv,
  type BaseConfig,
  dropout,
  type FeatureStage,
  fanInUniform,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  type Activation,
  activations,
  type GlobalPool,
  globalPool2d,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import { type LiteMla, liteMla, liteMlaSpec } from "./lite-mla.ts";
import {
  type ConvNormAct,
  convNormAct,
  convNormActSpec,
  type LocalBlock,
  type LocalBlockShape,
  localBlock,
  localBlockSpec,
} from "./local-blocks.ts";

/** timm's arguments of `EfficientVit` and `EfficientVitLarge` in camel case, and which of the two it is. */
export interface EfficientVitConfig extends BaseConfig {
  /** timm's `EfficientVitLarge`; its widening is fixed, so `expandRatio` is not read. */
  large: boolean;
  /** Of the stem, then of each stage. */
  widths: readonly number[];
  depths: readonly number[];
  /** Channels of an attention head. */
  headDim: number;
  /** Width of the blocks' hidden channels over that of their input. */
  expandRatio: number;
  actLayer: Activation;
  globalPool: Exclude<GlobalPool, "catavgmax">;
  /** Channels of the head's convolution, and of its hidden layer. */
  headWidths: readonly number[];
  /** Dropout ahead of the classifier. */
  dropRate: number;
  /** Of batch norms outside the head, and of the head's layer norm. */
  normEps: number;
}

export const defaults: EfficientVitConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  large: false,
  widths: [8, 16, 32, 64, 128],
  depths: [1, 2, 2, 2, 2],
  headDim: 32,
  expandRatio: 4,
  actLayer: "hard_swish",
  globalPool: "avg",
  headWidths: [1024, 1280],
  dropRate: 0,
  normEps: 1e-5,
};

export interface AttentionBlock {
  context_module: { main: LiteMla };
  local_module: { main: LocalBlock };
}

export interface Head {
  in_conv: ConvNormAct;
  classifier: { 0: Linear; 1: LayerNorm; 4?: Linear };
}

export interface EfficientVit {
  stem: { in_conv: ConvNormAct; [block: `res${number}`]: { main: LocalBlock } };
  stages: { blocks: ({ main: LocalBlock } | AttentionBlock)[] }[];
  head: Head;
}

/** A block: its convolutions, whether they are added to what came in, and whether attention goes ahead of them. */
interface BlockShape {
  local: LocalBlockShape;
  residual: boolean;
  attention: boolean;
}

/** The blocks of a stage (from 0, behind the stem). */
function blocksOf(c: EfficientVitConfig, stage: number): BlockShape[] {
  const [from, to] = [c.widths[stage]!, c.widths[stage + 1]!];
  const depth = c.depths[stage + 1]!;
  const attention = stage >= (c.large ? 3 : 2);
  const fewerNorm = stage >= 2;
  const kind = { fewerNorm, fused: c.large && !fewerNorm };
  const [first, later] = !c.large ? [c.expandRatio, c.expandRatio] : attention ? [24, 6] : [16, 4];
  const down = { local: { from, to, stride: 2, expandRatio: first, ...kind }, residual: false, attention: false };
  const same = { from: to, to, stride: 1, expandRatio: later };
  const local = attention ? { ...same, fewerNorm: true, fused: false, inverted: true } : { ...same, ...kind };
  const rest = attention || c.large ? depth : depth - 1;
  return [down, ...Array.from({ length: Math.max(0, rest) }, () => ({ local, residual: true, attention }))];
}

/** The blocks of the stem, all alike. */
function stemBlock(c: EfficientVitConfig): LocalBlockShape {
  const width = c.widths[0]!;
  return { from: width, to: width, stride: 1, expandRatio: 1, fewerNorm: false, fused: c.large };
}

const numbers = (length: number) => Array.from({ length }, (_, i) => i);

export function efficientVitSpec(c: EfficientVitConfig): Spec<EfficientVit> {
  check(c);
  const stages = c.widths.slice(1);
  const last = stages.at(-1)!;
  const [wide, hidden] = c.headWidths as [number, number];
  const dense = (from: number, to: number, bias: boolean) =>
    linearSpec(from, to, { bias, init: fanInUniform(from), biasInit: fanInUniform(from) });
  return {
    stem: {
      in_conv: convNormActSpec({ kernel: 3, from: c.inChans, to: c.widths[0]! }),
      ...Object.fromEntries(numbers(c.depths[0]!).map((i) => [`res${i}`, { main: localBlockSpec(stemBlock(c)) }])),
    },
    stages: stages.map((dim, i) => ({
      blocks: blocksOf(c, i).map(({ local, attention }) =>
        attention
          ? { context_module: { main: liteMlaSpec(dim, c.headDim) }, local_module: { main: localBlockSpec(local) } }
          : { main: localBlockSpec(local) },
      ),
    })),
    head: {
      in_conv: convNormActSpec({ kernel: 1, from: last, to: wide }),
      classifier: {
        0: dense(wide, hidden, false),
        1: layerNormSpec(hidden),
        ...(c.numClasses > 0 ? { 4: dense(hidden, c.numClasses, true) } : {}),
      },
    },
  } as Spec<EfficientVit>;
}

/** @throws VitrineError for lists that do not match and heads wider than their stage. */
function check(c: EfficientVitConfig): void {
  const refuse = (message: string) => new VitrineError("efficientvit", message, { usage: true });
  const { widths, depths, headWidths, headDim } = c;
  if (widths.length < 2 || depths.length !== widths.length)
    throw refuse(`depths must have an entry for each of widths [${widths}], found [${depths}]`);
  if (headWidths.length !== 2)
    throw refuse(`headWidths must be the widths of the head's convolution and hidden layer, found [${headWidths}]`);
  const narrow = widths.slice(1).find((dim, i) => blocksOf(c, i).some(({ attention }) => attention) && dim < headDim);
  if (narrow !== undefined)
    throw refuse(`headDim ${headDim} is wider than a stage with attention, of ${narrow} channels`);
}

/** The last stage's map. images: [B, H, W, C] → [B, H/32, W/32, D], sizes rounded up. */
export function efficientVitFeatures(
  c: EfficientVitConfig,
  p: EfficientVit,
  images: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const options = { activation: c.actLayer, epsilon: c.normEps };
  const stem = scope(mode, "stem");
  let x = convNormAct(p.stem.in_conv, images, scope(stem, "in_conv"), { stride: 2, ...options });
  for (const i of numbers(c.depths[0]!)) {
    const inside = scope(stem, `res${i}`);
    x = tf.add<tf.Tensor4D>(x, localBlock(stemBlock(c), p.stem[`res${i}`]!.main, x, scope(inside, "main"), options));
    tap(inside, x);
  }
  tap(stem, x);
  for (const [i, stage] of p.stages.entries()) {
    const inside = scope(mode, `stages.${i}`);
    const shapes = blocksOf(c, i);
    for (const [j, block] of stage.blocks.entries())
      x = oneBlock(c, shapes[j]!, block, x, scope(inside, `blocks.${j}`));
    tap(inside, x);
  }
  return x;
}

/** x: [B, H, W, I] → [B, H / stride, W / stride, O]. */
function oneBlock(
  c: EfficientVitConfig,
  { local, residual }: BlockShape,
  p: { main: LocalBlock } | AttentionBlock,
  x: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  const options = { activation: c.actLayer, epsilon: c.normEps };
  if ("main" in p) {
    const y = localBlock(local, p.main, x, scope(mode, "main"), options);
    return tap(mode, residual ? tf.add<tf.Tensor4D>(x, y) : y);
  }
  const { context_module: context, local_module: near } = p;
  const mixed = liteMla(context.main, x, scope(mode, "context_module.main"), { ...options, headDim: c.headDim });
  const middle = tap(scope(mode, "context_module"), tf.add<tf.Tensor4D>(x, mixed));
  const y = localBlock(local, near.main, middle, scope(mode, "local_module.main"), options);
  return tap(mode, tap(scope(mode, "local_module"), tf.add<tf.Tensor4D>(middle, y)));
}

/** Class scores. features: [B, H, W, D] → [B, classes], or what the classifier reads with `preLogits`. */
export function efficientVitHead(
  c: EfficientVitConfig,
  { head: p }: EfficientVit,
  features: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const inside = scope(mode, "head");
  // timm gives the b sizes' head its own default activation, whatever the model's is; and any head's norm the usual epsilon.
  const activation = c.large ? c.actLayer : "hard_swish";
  const wide = convNormAct(p.in_conv, features as tf.Tensor4D, scope(inside, "in_conv"), { activation, epsilon: 1e-5 });
  const pooled = globalPool2d(wide, c.globalPool);
  const { 0: fc, 1: norm, 4: classifier } = p.classifier;
  const hidden = activations[activation](layerNorm(norm, linear(fc, pooled), c.normEps));
  const read = dropout(hidden, c.dropRate, scope(inside, "classifier.3"));
  return options.preLogits || classifier === undefined ? read : linear(classifier, read);
}

/** timm's `feature_info`. */
export function efficientVitStages(c: EfficientVitConfig): FeatureStage[] {
  return c.widths.slice(1).map((channels, i) => ({ path: `stages.${i}`, channels, stride: 4 * 2 ** i }));
}

/** A checkpoint for images of other channels. */
export function adaptEfficientVit(c: EfficientVitConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("stem.in_conv.conv.weight", c.inChans, state, notes);
  return state;
}

/** Stem, blocks one by one, head. */
export function efficientVitDepth(c: EfficientVitConfig, path: string): number {
  if (path.startsWith("stem.")) return 0;
  const places = c.widths.slice(1).flatMap((_, i) => blocksOf(c, i).map((_, j) => `stages.${i}.blocks.${j}.`));
  const found = places.findIndex((place) => path.startsWith(place));
  return 1 + (found === -1 ? places.length : found);
}
