// EfficientMod, Ma et al. 2024, https://arxiv.org/abs/2403.19963
//
// Efficient modulation: a perceptron whose hidden layer is multiplied by a context, that is by what large depthwise
// convolutions see around each position. The two last stages end in a few blocks of self-attention.

import {
  adaptInputConv,
  type BaseConfig,
  type FeatureStage,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  tf,
} from "@vitrine/core";
import {
  type Conv,
  conv,
  convSpec,
  dropPathRates,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import { type AttentionBlock, attentionBlock, attentionBlockSpec } from "./attention-block.ts";
import { type ModulationBlock, type ModulationConfig, modulationBlock, modulationBlockSpec } from "./modulation.ts";
import { blocksOf, checkLists, type PerBlock } from "./per-block.ts";

/** Arguments of the reference's `EfficientMod`, in camel case. */
export interface EfficientModConfig extends BaseConfig, ModulationConfig {
  /** Of the stem and of the convolutions ahead of each later stage. */
  patchSize: readonly number[];
  patchStride: readonly number[];
  patchPad: readonly number[];
  patchNorm: boolean;
  embedDim: readonly number[];
  /** Modulation blocks of each stage, and the attention blocks behind them. */
  depths: readonly number[];
  attentionDepth: readonly number[];
  /** Width of the hidden layer over that of the stage; a number a stage, or a list with a number a block. */
  mlpRatio: readonly PerBlock<number>[];
  /** The same of the attention blocks. */
  attRatio: readonly number[];
  /** Whether a stage's perceptrons are modulated. */
  convInMlp: readonly boolean[];
  /** How often a context is repeated along the channels of the hidden layer. */
  convGroupDim: readonly PerBlock<number>[];
  /** Kernels of the context's convolutions; several are added. */
  contextSize: readonly PerBlock<number | readonly number[]>[];
  dropPathRate: number;
}

export const defaults: EfficientModConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  patchSize: [4, 3, 3, 3],
  patchStride: [4, 2, 2, 2],
  patchPad: [0, 1, 1, 1],
  patchNorm: true,
  embedDim: [64, 128, 256, 512],
  depths: [2, 2, 6, 2],
  attentionDepth: [0, 0, 0, 0],
  mlpRatio: [4, 4, 4, 4],
  attRatio: [4, 4, 4, 4],
  convInMlp: [true, true, true, true],
  actLayer: "gelu",
  useLayerscale: false,
  layerscaleValue: 1e-4,
  bias: true,
  dropRate: 0,
  dropPathRate: 0,
  convGroupDim: [4, 4, 4, 4],
  contextSize: [3, 3, 3, 3],
  contextAct: "gelu",
  contextF: true,
  contextG: true,
};

export interface PatchEmbed {
  proj: Conv;
  norm?: LayerNorm;
}

export interface Layer {
  /** Modulation blocks, then attention blocks. */
  blocks: (ModulationBlock | AttentionBlock)[];
  /** Absent in the last. */
  downsample?: PatchEmbed;
}

export interface EfficientMod {
  patch_embed: PatchEmbed;
  layers: Layer[];
  norm: LayerNorm;
  head?: Linear;
}

const epsilon = 1e-5;

export function efficientModSpec(c: EfficientModConfig): Spec<EfficientMod> {
  checkLists(c);
  const embed = (stage: number, from: number, to: number): Spec<PatchEmbed> =>
    ({
      proj: convSpec(c.patchSize[stage]!, from, to),
      ...(c.patchNorm ? { norm: layerNormSpec(to) } : {}),
    }) as Spec<PatchEmbed>;
  const last = c.embedDim.at(-1)!;
  return {
    patch_embed: embed(0, c.inChans, c.embedDim[0]!),
    layers: c.embedDim.map((dim, i) => ({
      blocks: [
        ...blocksOf(c, i).map((shape) => modulationBlockSpec(c, dim, shape)),
        ...Array.from({ length: c.attentionDepth[i]! }, () => attentionBlockSpec(dim, c.attRatio[i]!)),
      ],
      ...(i + 1 < c.depths.length ? { downsample: embed(i + 1, dim, c.embedDim[i + 1]!) } : {}),
    })),
    norm: layerNormSpec(last),
    ...(c.numClasses > 0 ? { head: linearSpec(last, c.numClasses) } : {}),
  } as Spec<EfficientMod>;
}

/** x: [B, H, W, C] → [B, H', W', D]. */
function patchEmbed(c: EfficientModConfig, p: PatchEmbed, stage: number, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const projected = conv(p.proj, x, { stride: c.patchStride[stage]!, padding: c.patchPad[stage]! });
  return tap(mode, p.norm === undefined ? projected : layerNorm(p.norm, projected, epsilon));
}

/** As in the reference, features are the mean of the last map after its norm. images: [B, H, W, C] → [B, D]. */
export function efficientModFeatures(
  c: EfficientModConfig,
  p: EfficientMod,
  images: tf.Tensor4D,
  mode: Mode,
): tf.Tensor2D {
  const rates = dropPathRates(
    c.dropPathRate,
    [...c.depths, ...c.attentionDepth].reduce((sum, depth) => sum + depth, 0),
  );
  let x = patchEmbed(c, p.patch_embed, 0, images, scope(mode, "patch_embed"));
  let number = 0;
  for (const [i, layer] of p.layers.entries()) {
    const inside = scope(mode, `layers.${i}`);
    const shapes = blocksOf(c, i);
    for (const [j, block] of layer.blocks.entries()) {
      const options = { ...c, dropPath: rates[number++]! };
      const own = scope(inside, `blocks.${j}`);
      x =
        "attn" in block
          ? attentionBlock(block, x, own, options)
          : modulationBlock(block, x, own, { ...options, ...shapes[j]! });
    }
    if (layer.downsample) x = patchEmbed(c, layer.downsample, i + 1, x, scope(inside, "downsample"));
    tap(inside, x);
  }
  const normed = tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon));
  return tf.mean(normed, [1, 2]) as tf.Tensor2D;
}

/** Class scores. features: [B, D] → [B, classes], or as they are with `preLogits`. */
export function efficientModHead(
  _: EfficientModConfig,
  p: EfficientMod,
  features: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = features as tf.Tensor2D;
  return options.preLogits || p.head === undefined ? pooled : linear(p.head, pooled);
}

/** The map behind the last block of each stage, before it is made smaller. */
export function efficientModStages(c: EfficientModConfig): FeatureStage[] {
  let stride = 1;
  return c.embedDim.map((channels, i) => {
    stride *= c.patchStride[i]!;
    return { path: `layers.${i}.blocks.${c.depths[i]! + c.attentionDepth[i]! - 1}`, channels, stride };
  });
}

/** A checkpoint for images of other channels. */
export function adaptEfficientMod(c: EfficientModConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  return state;
}

/** Stem, then blocks and the convolutions between stages one by one, then the norm and the head. */
export function efficientModDepth(c: EfficientModConfig, path: string): number {
  if (path.startsWith("patch_embed.")) return 0;
  const places = c.depths.flatMap((depth, i) => [
    ...Array.from({ length: depth + c.attentionDepth[i]! }, (_, j) => `layers.${i}.blocks.${j}.`),
    ...(i + 1 < c.depths.length ? [`layers.${i}.downsample.`] : []),
  ]);
  const found = places.findIndex((place) => path.startsWith(place));
  return 1 + (found === -1 ? places.length : found);
}
