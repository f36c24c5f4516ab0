// What a model of the family is made of. timm's arguments in camel case: those of its convolution blocks begin with `conv`,
// those of its transformer blocks with `transformer`.

import { type BaseConfig, imageSize, VitrineError } from "@vitrine/core";
import { type Activation, activations, type Grid, type TokenPool } from "@vitrine/core/layers";

/**
 * A block of convolutions (C), a transformer block over the whole map (T), MaxViT's convolution, window and grid attention
 * (M), or convolutions and both attentions side by side (PM).
 */
export type BlockKind = "C" | "T" | "M" | "PM";
export type NormKind = "batchnorm2d" | "layernorm2d";
/** Pooling of 3x3 (`max`, `avg`) or 2x2 pixels, always with a stride of 2. */
export type PoolKind = "max" | "max2" | "avg" | "avg2";
/** How many pixels a convolution adds around: the same on each side, or as TensorFlow does it. */
export type PaddingKind = "" | "same";
/** A table of biases, one in TensorFlow's order, a perceptron of the distance, or none. */
export type RelPosKind = "bias" | "bias_tf" | "mlp" | "";

interface ConvConfig {
  convBlockType: "mbconv" | "convnext";
  /** Width of a block inside over its width outside. */
  convExpandRatio: number;
  /** Whether that is the width of its output or its input. */
  convExpandOutput: boolean;
  convKernelSize: number;
  /** Channels that a kernel mixes; 1 for a depthwise convolution, 0 for all. */
  convGroupSize: number;
  /** An activation behind the first norm of a block. */
  convPreNormAct: boolean;
  /** Biases of the last convolution of a block and of its shortcut. */
  convOutputBias: boolean;
  /** Where a block halves its map: by pooling, or in its first or second convolution. */
  convStrideMode: "pool" | "1x1" | "dw";
  /** Pooling of the shortcut. */
  convPoolType: PoolKind;
  /** Pooling ahead of a block's convolutions, with `convStrideMode` "pool". */
  convDownsamplePoolType: PoolKind;
  convPadding: PaddingKind;
  /** Squeeze and excitation ahead of the second norm, not behind it. */
  convAttnEarly: boolean;
  convAttnLayer: "se" | "" | null;
  convAttnActLayer: Activation;
  /** Width of squeeze and excitation over the block's. */
  convAttnRatio: number;
  /** First value of the layer scale of ConvNeXt blocks; null for none. */
  convInitValues: number | null;
  convActLayer: Activation;
  convNormLayer: NormKind;
  convNormEps: number;
}

interface TransformerConfig {
  /** Width of an attention head. */
  transformerDimHead: number;
  /** Queries, keys and values lie together for each head, not heads together for each of the three. */
  transformerHeadFirst: boolean;
  transformerExpandRatio: number;
  /** Where a block widens its map: in queries, keys and values, or in the projection behind them. */
  transformerExpandFirst: boolean;
  transformerShortcutBias: boolean;
  transformerAttnBias: boolean;
  /** Dropout of attention weights. */
  transformerAttnDrop: number;
  transformerProjDrop: number;
  transformerPoolType: PoolKind;
  transformerRelPosType: RelPosKind;
  /** Hidden width of the perceptron of relative positions. */
  transformerRelPosDim: number;
  /** Pixels of the image to one pixel of a window, where its size is not given. */
  transformerPartitionRatio: number;
  /** Height and width of the windows; null to follow from the image. */
  transformerWindowSize: number | Grid | null;
  /** Height and width of the grid; null for those of the windows. */
  transformerGridSize: number | Grid | null;
  /** Grid attention alone. */
  transformerNoBlockAttn: boolean;
  /** Keep the weights of partitioned attention as those of 1x1 convolutions. */
  transformerUseNchwAttn: boolean;
  transformerInitValues: number | null;
  transformerActLayer: Activation;
  transformerNormLayer: NormKind;
  transformerNormEps: number;
}

export interface MaxViTConfig extends BaseConfig, ConvConfig, TransformerConfig {
  /** Channels of the stages. */
  embedDim: readonly number[];
  /** Blocks of the stages. */
  depths: readonly number[];
  /** Kinds of blocks, a stage at a time; of several, the last is repeated. */
  blockType: readonly (BlockKind | readonly BlockKind[])[];
  /** Channels of the stem's two convolutions. */
  stemWidth: number | Grid;
  stemBias: boolean;
  /** Width of a hidden layer ahead of the classifier; null for none. */
  headHiddenSize: number | null;
  weightInit: "" | "normal" | "trunc_normal" | "xavier_normal" | "vit_eff";
  globalPool: Exclude<TokenPool, "token">;
  /** Dropout ahead of the classifier. */
  dropRate: number;
  /** Chance that the last block's branches are skipped for a sample in training; earlier ones less, the first never. */
  dropPathRate: number;
}

export const defaults: MaxViTConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  embedDim: [96, 192, 384, 768],
  depths: [2, 3, 5, 2],
  blockType: ["C", "C", "T", "T"],
  stemWidth: 64,
  stemBias: false,
  headHiddenSize: null,
  weightInit: "vit_eff",
  globalPool: "avg",
  dropRate: 0,
  dropPathRate: 0,
  convBlockType: "mbconv",
  convExpandRatio: 4,
  convExpandOutput: true,
  convKernelSize: 3,
  convGroupSize: 1,
  convPreNormAct: false,
  convOutputBias: true,
  convStrideMode: "dw",
  convPoolType: "avg2",
  convDownsamplePoolType: "avg2",
  convPadding: "",
  convAttnEarly: false,
  convAttnLayer: "se",
  convAttnActLayer: "silu",
  convAttnRatio: 0.25,
  convInitValues: 1e-6,
  convActLayer: "gelu",
  convNormLayer: "batchnorm2d",
  convNormEps: 1e-5,
  transformerDimHead: 32,
  transformerHeadFirst: true,
  transformerExpandRatio: 4,
  transformerExpandFirst: true,
  transformerShortcutBias: true,
  transformerAttnBias: true,
  transformerAttnDrop: 0,
  transformerProjDrop: 0,
  transformerPoolType: "avg2",
  transformerRelPosType: "bias",
  transformerRelPosDim: 512,
  transformerPartitionRatio: 32,
  transformerWindowSize: null,
  transformerGridSize: null,
  transformerNoBlockAttn: false,
  transformerUseNchwAttn: false,
  transformerInitValues: null,
  transformerActLayer: "gelu",
  transformerNormLayer: "layernorm2d",
  transformerNormEps: 1e-6,
};

const pools = ["max", "max2", "avg", "avg2"];
const norms = ["batchnorm2d", "layernorm2d"];
const acts = Object.keys(activations);

/** What options that are names may be. */
const choices: Partial<Record<keyof MaxViTConfig, readonly (string | null)[]>> = {
  convBlockType: ["mbconv", "convnext"],
  convStrideMode: ["pool", "1x1", "dw"],
  convPoolType: pools,
  convDownsamplePoolType: pools,
  convPadding: ["", "same"],
  convAttnLayer: ["se", "", null],
  convAttnActLayer: acts,
  convActLayer: acts,
  convNormLayer: norms,
  transformerPoolType: pools,
  transformerRelPosType: ["bias", "bias_tf", "mlp", ""],
  transformerActLayer: acts,
  transformerNormLayer: norms,
  weightInit: ["", "normal", "trunc_normal", "xavier_normal", "vit_eff"],
  globalPool: ["avg", "max", "avgmax"],
};

/** @throws VitrineError for a name that is not among an option's. */
export function requireChoices(c: MaxViTConfig): void {
  const check = (option: string, value: unknown, known: readonly (string | null)[]) => {
    if (known.includes(value as string | null)) return;
    const list = known.map((name) => JSON.stringify(name)).join(", ");
    throw refuse(`${option} ${JSON.stringify(value)} is not known; it is one of ${list}`);
  };
  for (const [option, known] of Object.entries(choices)) check(option, c[option as keyof MaxViTConfig], known);
  for (const kind of c.blockType.flat()) check("blockType", kind, ["C", "T", "M", "PM"]);
}

/** An illegal configuration, in words. */
export function refuse(message: string): VitrineError {
  return new VitrineError("maxvit", message, { usage: true });
}

export function pair(value: number | Grid): Grid {
  return typeof value === "number" ? [value, value] : value;
}

/** The kinds of a stage's blocks. */
export function blockKinds(c: MaxViTConfig, stage: number): BlockKind[] {
  const given = c.blockType[stage]!;
  const kinds = typeof given === "string" ? [given] : given;
  return Array.from({ length: c.depths[stage]! }, (_, i) => kinds[Math.min(i, kinds.length - 1)]!);
}

/** Height and width of windows and of the grid. Without a size of windows both follow from the image. */
export function partitions(c: MaxViTConfig): { window: Grid; grid: Grid } {
  if (c.transformerWindowSize === null) {
    const [height, width] = imageSize(c);
    const { transformerPartitionRatio: ratio } = c;
    const size = [Math.floor(height / ratio), Math.floor(width / ratio)] as const;
    return { window: size, grid: size };
  }
  return { window: pair(c.transformerWindowSize), grid: pair(c.transformerGridSize ?? c.transformerWindowSize) };
}
