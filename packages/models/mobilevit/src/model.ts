// MobileViT, Mehta and Rastegari 2021, https://arxiv.org/abs/2110.02178, and MobileViTv2, 2022,
// https://arxiv.org/abs/2206.02680
//
// A network of inverted residual blocks whose later stages end with a block that also looks far: a transformer over patches
// (mobilevit-block.ts), or attention in linear time (mobilevit2-block.ts). The configuration tells the stages in words.

import {
  adaptInputConv,
  dropout,
  type FeatureStage,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  type tf,
  VitrineError,
} from "@vitrine/core";
import {
  type ConvNorm,
  convNorm,
  convNormSpec,
  dropPathRates,
  globalPool2d,
  type Linear,
  linear,
  linearSpec,
  makeDivisible,
} from "@vitrine/core/layers";
import type { MobileViTConfig, Stage } from "./config.ts";
import { convInit, linearInit } from "./init.ts";
import { type InvertedResidual, invertedResidual, invertedResidualSpec } from "./inverted-residual.ts";
import { heads, type MobileViTBlock, mobileViTBlock, mobileViTBlockSpec } from "./mobilevit-block.ts";
import { type MobileViTv2Block, mobileViTv2Block, mobileViTv2BlockSpec } from "./mobilevit2-block.ts";

export type { MobileViTConfig } from "./config.ts";

export interface MobileViT {
  stem: ConvNorm;
  stages: (InvertedResidual | MobileViTBlock | MobileViTv2Block)[][];
  final_conv?: ConvNorm;
  head: { fc?: Linear };
}

/** A block of a stage: what it is, and between how many channels. */
type Block = { from: number; to: number } & (
  | { type: "ir"; ratio: number; stride: number }
  | Exclude<Stage, { type: "ir" }>
);

/** The blocks of each stage. */
function plan(c: MobileViTConfig): Block[][] {
  let from = c.stemChs;
  return c.stages.map((stage) => {
    const to = makeDivisible(stage.c);
    const blocks: Block[] = [];
    for (let i = 0; i < (stage.type === "ir" ? stage.d : 1); i++) {
      blocks.push({ type: "ir", from, to, ratio: stage.br, stride: i === 0 ? stage.s : 1 });
      from = to;
    }
    if (stage.type !== "ir") blocks.push({ ...stage, from, to });
    return blocks;
  });
}

/** Whether an inverted residual block adds what came in. */
const hasShortcut = (block: Block) => block.type === "ir" && block.stride === 1 && block.from === block.to;

/** Channels that the last stage gives. */
const lastChannels = (c: MobileViTConfig) => plan(c).flat().at(-1)?.to ?? c.stemChs;

/** Channels of the last map. */
const width = (c: MobileViTConfig) => c.numFeatures || lastChannels(c);

export function mobileViTSpec(c: MobileViTConfig): Spec<MobileViT> {
  c.stages.forEach(requirePossible);
  const pooledWidth = c.globalPool === "catavgmax" ? 2 * width(c) : width(c);
  const finalInit = convInit(1, c.numFeatures);
  return {
    stem: convNormSpec(3, c.inChans, c.stemChs, { init: convInit(3, c.stemChs) }),
    stages: plan(c).map((blocks) => blocks.map((block) => blockSpec(c, block))),
    ...(c.numFeatures > 0 ? { final_conv: convNormSpec(1, lastChannels(c), c.numFeatures, { init: finalInit }) } : {}),
    head: c.numClasses > 0 ? { fc: linearSpec(pooledWidth, c.numClasses, { init: linearInit }) } : {},
  } as Spec<MobileViT>;
}

function blockSpec(c: MobileViTConfig, block: Block) {
  if (block.type === "mobilevit") return mobileViTBlockSpec(block.to, block);
  if (block.type === "mobilevit2") return mobileViTv2BlockSpec(block.to, block);
  const zeroInit = c.zeroInitLast && hasShortcut(block);
  return invertedResidualSpec(block.from, block.to, { ratio: block.ratio, zeroInit });
}

/** @throws VitrineError for a stage that there is not. */
function requirePossible(stage: Stage, i: number): void {
  const refuse = (message: string) => new VitrineError("mobilevit", `stages[${i}].${message}`, { usage: true });
  if (!["ir", "mobilevit", "mobilevit2"].includes(stage.type))
    throw refuse(`type must be "ir", "mobilevit" or "mobilevit2", found ${JSON.stringify(stage.type)}`);
  if (stage.type === "mobilevit" && stage.transformerDim % heads !== 0)
    throw refuse(`transformerDim ${stage.transformerDim} is not divisible by its ${heads} heads`);
}

/** The last map. images: [B, H, W, C] → [B, H/32, W/32, D]. */
export function mobileViTFeatures(c: MobileViTConfig, p: MobileViT, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const stages = plan(c);
  const rates = dropPathRates(c.dropPathRate, stages.flat().length);
  let x = tap(scope(mode, "stem"), convNorm(p.stem, images, scope(mode, "stem"), { stride: 2, activation: "silu" }));
  let index = 0;
  stages.forEach((blocks, i) => {
    const stage = scope(mode, `stages.${i}`);
    blocks.forEach((block, j) => {
      x = runBlock(block, p.stages[i]![j]!, x, scope(stage, String(j)), rates[index++]!);
    });
    tap(stage, x);
  });
  const inside = scope(mode, "final_conv");
  return tap(inside, p.final_conv ? convNorm(p.final_conv, x, inside, { activation: "silu" }) : x);
}

function runBlock(block: Block, p: MobileViT["stages"][number][number], x: tf.Tensor4D, mode: Mode, dropPath: number) {
  if (block.type === "mobilevit") return mobileViTBlock(p as MobileViTBlock, x, mode, block, dropPath);
  if (block.type === "mobilevit2") return mobileViTv2Block(p as MobileViTv2Block, x, mode, block, dropPath);
  const options = { stride: block.stride, shortcut: hasShortcut(block), dropPath };
  return invertedResidual(p as InvertedResidual, x, mode, options);
}

/** Class scores. features: [B, H, W, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function mobileViTHead(
  c: MobileViTConfig,
  p: MobileViT,
  features: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = globalPool2d(features as tf.Tensor4D, c.globalPool); //                    [B, D]
  const read = dropout(pooled, c.dropRate, scope(mode, "head.drop"));
  return options.preLogits || p.head.fc === undefined ? read : linear(p.head.fc, read);
}

/** Maps ahead of each stride, as timm's `feature_info` has them, and the last one. */
export function mobileViTStages(c: MobileViTConfig): FeatureStage[] {
  const found: FeatureStage[] = [];
  let previous: FeatureStage = { path: "stem", channels: c.stemChs, stride: 2 };
  c.stages.forEach((stage, i) => {
    if (stage.s !== 1) found.push(previous);
    previous = { path: `stages.${i}`, channels: makeDivisible(stage.c), stride: previous.stride * stage.s };
  });
  return [...found, { path: "final_conv", channels: width(c), stride: previous.stride }];
}

/** A checkpoint for other channels. */
export function adaptMobileViT(c: MobileViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("stem.conv.weight", c.inChans, state, notes);
  return state;
}

/** timm's depth: the stem, each block, the last convolution with the last block, the head. */
export function mobileViTDepth(c: MobileViTConfig, path: string): number {
  const counts = plan(c).map((blocks) => blocks.length);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const at = /^stages\.(\d+)\.(\d+)\./.exec(path);
  if (at) return counts.slice(0, Number(at[1])).reduce((sum, n) => sum + n, 0) + Number(at[2]) + 1;
  if (path.startsWith("stem.")) return 0;
  return path.startsWith("final_conv.") ? total : total + 1;
}
