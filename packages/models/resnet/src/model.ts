// ResNet, He et al. 2015, https://arxiv.org/abs/1512.03385, and its variants: with groups (ResNeXt,
// https://arxiv.org/abs/1611.05431), wider (https://arxiv.org/abs/1605.07146), with channel attention, and with the deep stem
// and pooled shortcuts of https://arxiv.org/abs/1812.01187 (C, D, S and T).

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
  type tf,
  VitrineError,
} from "@vitrine/core";
import {
  type Activation,
  activations,
  avgPool2d,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  dropPathRates,
  type GlobalPool,
  globalPool2d,
  type Linear,
  linear,
  linearSpec,
  maxPool2d,
} from "@vitrine/core/layers";
import type { ChannelAttention } from "./attention.ts";
import { type Block, type BlockKind, type BlockPlan, bareConvSpec, block, blockSpec, expansion } from "./blocks.ts";

/** timm's arguments of `ResNet`, in camel case. */
export interface ResNetConfig extends BaseConfig {
  /** The block of all stages, or one for each. */
  block: BlockKind | readonly BlockKind[];
  /** Blocks of each stage. */
  layers: readonly number[];
  /** Widths of the stages. */
  channels: readonly number[];
  /** 8 or 16 keep the later stages finer: their convolutions are dilated in place of striding. */
  outputStride: 8 | 16 | 32;
  globalPool: GlobalPool;
  /** Groups of the 3x3 convolution of a bottleneck. */
  cardinality: number;
  /** Width of the bottleneck at a stage of width 64, for each group. */
  baseWidth: number;
  stemWidth: number;
  /** One 7x7 convolution; three 3x3; or three of growing width. */
  stemType: "" | "deep" | "deep_tiered";
  /** A striding convolution in place of the stem's pooling. */
  replaceStemPool: boolean;
  /** How much narrower the first convolution of a block is. */
  blockReduceFirst: number;
  /** Kernel of the shortcut's convolution where it strides. */
  downKernelSize: number;
  /** Shortcuts take means of neighbours where they would stride. */
  avgDown: boolean;
  actLayer: Activation;
  /** Means of neighbours in place of striding convolutions and of the stem's pooling. */
  aaLayer: "" | "avg";
  dropRate: number;
  dropPathRate: number;
  /** Each block begins as its shortcut alone. */
  zeroInitLast: boolean;
  blockArgs: ChannelAttention;
}

export const defaults: ResNetConfig = {
  numClasses: 1000,
  imgSize: 224,
  inChans: 3,
  block: "bottleneck",
  layers: [3, 4, 6, 3],
  channels: [64, 128, 256, 512],
  outputStride: 32,
  globalPool: "avg",
  cardinality: 1,
  baseWidth: 64,
  stemWidth: 64,
  stemType: "",
  replaceStemPool: false,
  blockReduceFirst: 1,
  downKernelSize: 1,
  avgDown: false,
  actLayer: "relu",
  aaLayer: "",
  dropRate: 0,
  dropPathRate: 0,
  zeroInitLast: true,
  blockArgs: {},
};

/** Positions of timm's sequential stem: convolutions, and the norms between them. */
interface DeepStem {
  0: Conv;
  1: BatchNorm;
  3: Conv;
  4: BatchNorm;
  6: Conv;
}

export interface ResNet {
  conv1: Conv | DeepStem;
  bn1: BatchNorm;
  maxpool?: { 0: Conv; 1: BatchNorm };
  [layer: `layer${number}`]: Block[];
  fc?: Linear;
}

interface Stage {
  path: `layer${number}`;
  stride: number;
  blocks: BlockPlan[];
}

const stemOut = (c: ResNetConfig) => (c.stemType === "" ? 64 : 2 * c.stemWidth);
const blockKind = (c: ResNetConfig, stage: number): BlockKind =>
  typeof c.block === "string" ? c.block : c.block[stage]!;
const numFeatures = (c: ResNetConfig) => c.channels.at(-1)! * expansion[blockKind(c, c.channels.length - 1)];

/** Every block with its channels, strides and dilations, stage by stage. */
function stagesOf(c: ResNetConfig): Stage[] {
  check(c);
  const rates = dropPathRates(
    c.dropPathRate,
    c.layers.reduce((sum, n) => sum + n, 0),
  );
  let [from, netStride, dilation, firstDilation, index] = [stemOut(c), 4, 1, 1, 0];
  return c.channels.map((planes, s) => {
    const path = `layer${s + 1}` as const;
    const kind = blockKind(c, s);
    let stride = s === 0 ? 1 : 2;
    if (netStride >= c.outputStride) [dilation, stride] = [dilation * stride, 1];
    else netStride *= stride;
    const inner = kind === "basic" ? planes : Math.floor(planes * (c.baseWidth / 64)) * c.cardinality;
    const first = Math.floor(inner / c.blockReduceFirst);
    const out = planes * expansion[kind];
    const blocks = Array.from({ length: c.layers[s]! }, (_, i): BlockPlan => {
      const changes = i === 0 && (stride !== 1 || from !== out);
      const strides = i === 0 ? stride : 1;
      const plan: BlockPlan = {
        path: `${path}.${i}`,
        kind,
        from,
        planes,
        first,
        inner,
        stride: strides,
        dilation,
        firstDilation,
        groups: c.cardinality,
        shortcut: changes
          ? {
              kind: c.avgDown ? "avg" : "conv",
              kernel: strides === 1 && dilation === 1 ? 1 : c.downKernelSize,
            }
          : undefined,
        antiAlias: c.aaLayer === "avg" && (strides === 2 || firstDilation !== dilation),
        attention: c.blockArgs,
        activation: c.actLayer,
        dropPath: rates[index++]!,
        zeroInitLast: c.zeroInitLast,
      };
      [from, firstDilation] = [out, dilation];
      return plan;
    });
    return { path, stride: netStride, blocks };
  });
}

function check(c: ResNetConfig): void {
  const refuse = (message: string) => new VitrineError("resnet", message, { usage: true });
  if (c.layers.length !== c.channels.length)
    throw refuse(`layers and channels have an entry for each stage; found ${c.layers.length} and ${c.channels.length}`);
  if (typeof c.block !== "string" && c.block.length !== c.channels.length)
    throw refuse(`block is one, or has an entry for each of ${c.channels.length} stages; found ${c.block.length}`);
  if ([c.block].flat().includes("basic") && (c.cardinality !== 1 || c.baseWidth !== 64))
    throw refuse('cardinality and baseWidth are of the block "bottleneck"; "basic" has cardinality 1, baseWidth 64');
  if (c.aaLayer === "avg" && c.replaceStemPool)
    throw refuse("aaLayer softens the stem's pooling, replaceStemPool does without it: take one of the two");
  if (![8, 16, 32].includes(c.outputStride)) throw refuse(`outputStride is 8, 16 or 32, found ${c.outputStride}`);
}

export function resnetSpec(c: ResNetConfig): Spec<ResNet> {
  const stages = stagesOf(c).map(({ path, blocks }) => [path, blocks.map(blockSpec)]);
  const out = stemOut(c);
  const features = numFeatures(c) * (c.globalPool === "catavgmax" ? 2 : 1);
  const init = fanInUniform(features);
  return {
    conv1: stemSpec(c),
    bn1: batchNormSpec(out),
    ...(c.replaceStemPool ? { maxpool: { 0: bareConvSpec(3, out, out), 1: batchNormSpec(out) } } : {}),
    ...Object.fromEntries(stages),
    ...(c.numClasses > 0 ? { fc: linearSpec(features, c.numClasses, { init, biasInit: init }) } : {}),
  } as Spec<ResNet>;
}

function stemSpec({ stemType, stemWidth, inChans }: ResNetConfig): Spec<Conv | DeepStem> {
  if (stemType === "") return bareConvSpec(7, inChans, 64);
  const first = stemType === "deep_tiered" ? 3 * Math.floor(stemWidth / 4) : stemWidth;
  return {
    0: bareConvSpec(3, inChans, first),
    1: batchNormSpec(first),
    3: bareConvSpec(3, first, stemWidth),
    4: batchNormSpec(stemWidth),
    6: bareConvSpec(3, stemWidth, 2 * stemWidth),
  };
}

/** Maps of the last stage. images: [B, H, W, C] → [B, H / 32, W / 32, D]. */
export function resnetFeatures(c: ResNetConfig, p: ResNet, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  let x = stem(c, p, images, mode); //                                                  [B, H / 4, W / 4, stemOut]
  for (const { path, blocks } of stagesOf(c)) {
    blocks.forEach((plan, i) => {
      const inner = scope(mode, plan.path);
      x = tap(inner, block(plan, p[path]![i]!, x, inner));
    });
    x = tap(scope(mode, path), x);
  }
  return x;
}

function stem(c: ResNetConfig, p: ResNet, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const bend = activations[c.actLayer];
  const inner = scope(mode, "conv1");
  let x: tf.Tensor4D;
  if ("weight" in p.conv1) x = conv(p.conv1, images, { stride: 2, padding: 3 });
  else {
    x = conv(p.conv1[0], images, { stride: 2, padding: 1 });
    x = conv(p.conv1[3], bend(batchNorm(p.conv1[1], x, scope(inner, "1"))), { padding: 1 });
    x = conv(p.conv1[6], bend(batchNorm(p.conv1[4], x, scope(inner, "4"))), { padding: 1 });
  }
  x = tap(scope(mode, "act1"), bend(batchNorm(p.bn1, x, scope(mode, "bn1")))); //       [B, H / 2, W / 2, stemOut]
  const pooled = scope(mode, "maxpool");
  if (!p.maxpool) return tap(pooled, c.aaLayer === "avg" ? avgPool2d(x, { kernel: 2 }) : stemPool(x));
  const strided = conv(p.maxpool[0], x, { stride: 2, padding: 1 });
  return tap(pooled, bend(batchNorm(p.maxpool[1], strided, scope(pooled, "1"))));
}

const stemPool = (x: tf.Tensor4D) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });

/** Class scores. maps: [B, H, W, D] → [B, classes], or [B, D] with `preLogits`. */
export function resnetHead(
  c: ResNetConfig,
  p: ResNet,
  maps: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = dropout(globalPool2d(maps as tf.Tensor4D, c.globalPool), c.dropRate, scope(mode, "fc_drop"));
  return options.preLogits || !p.fc ? pooled : linear(p.fc, pooled);
}

/** The stem's map at half the size, and that of each stage. */
export function resnetStages(c: ResNetConfig): FeatureStage[] {
  const stages = stagesOf(c).map(({ path, stride }, s) => {
    return { path, channels: c.channels[s]! * expansion[blockKind(c, s)], stride };
  });
  return [{ path: "act1", channels: stemOut(c), stride: 2 }, ...stages];
}

/** A checkpoint for other channels. */
export function adaptResNet(c: ResNetConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv(c.stemType === "" ? "conv1.weight" : "conv1.0.weight", c.inChans, state, notes);
  return state;
}

/** timm's depth of a parameter: 0 for the stem, i + 1 for block i, the head behind. */
export function resnetDepth(c: ResNetConfig, path: string): number {
  const found = /^layer(\d+)\.(\d+)\./.exec(path);
  const before = (stage: number) => c.layers.slice(0, stage).reduce((sum, n) => sum + n, 0);
  if (found) return before(Number(found[1]) - 1) + Number(found[2]) + 1;
  return path.startsWith("fc.") ? before(c.layers.length) + 1 : 0;
}
