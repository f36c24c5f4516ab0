// timm's own form of Swin Transformer v2 (https://arxiv.org/abs/2111.09883), after Christoph Reich's.
//
// As v2 in model-v2.ts, but: offsets are logarithms of tokens, not of parts of a window; the perceptron's output is the bias as
// it is; windows are by default a part of the image; channels are normalised ahead of merging; and in place of a norm at the
// end the last block has a third norm, on the main branch, as other blocks may have ("ns": the last of each stage).

import {
  adaptInputConv,
  constant,
  dropout,
  dropPath,
  fanInUniform,
  type Mode,
  ones,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  unitVectors,
  zeros,
} from "@vitrine/core";
import {
  type Grid,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  logOffsets,
  type Mlp,
  mlp,
  relativePositionBias,
} from "@vitrine/core/layers";
import { fromEarlierCr } from "./checkpoint.ts";
import {
  checkHeads,
  embedPatches,
  epsilon,
  type MapConfig,
  mapDefaults,
  mergePatches,
  type NormedPatchEmbed,
  normedPatchEmbedSpec,
  type PatchMerging,
  type PooledHead,
  patchGrid,
  patchMergingSpec,
  pooledHead,
  pooledHeadSpec,
  stageShapes,
} from "./patches.ts";
import { inWindows } from "./shifted-windows.ts";
import { type Stage, throughStages } from "./stages.ts";
import { attendWithBias, byImage, type Heads, splitHeads, temperature } from "./window-attention.ts";
import {
  type BlockWindow,
  blockWindow,
  scaledWindows,
  stageWindows,
  type WindowSize,
  windowsByRatio,
} from "./windows.ts";

/** timm's arguments of `SwinTransformerV2Cr`, in camel case. */
export interface SwinV2CrConfig extends MapConfig {
  /** Window of all stages, or of each; null for a part of the image by `windowRatio`. Where a map is smaller, it is one. */
  windowSize: WindowSize | null;
  /** What the grid of patches is divided by for windows: one for all stages or one a stage. */
  windowRatio: number | readonly number[];
  /** Width of the perceptrons' hidden layer over the stage's width. */
  mlpRatio: number;
  /** First weight of the norms at the end of branches; null for 1. */
  initValues: number | null;
  /** A norm on the main branch behind every so many blocks of a stage; 0 for none. */
  extraNormPeriod: number;
  /** A norm on the main branch at the end of each stage, not the last alone. */
  extraNormStage: boolean;
}

export const defaults: SwinV2CrConfig = {
  ...mapDefaults,
  windowSize: null,
  windowRatio: 8,
  mlpRatio: 4,
  initValues: 0,
  extraNormPeriod: 0,
  extraNormStage: false,
  dropPathRate: 0,
};

/** Width and dropout of the perceptron that biases come from. */
const biasWidth = 384;
const biasDrop = 0.125;

export interface MetaAttention {
  logit_scale: tf.Tensor1D;
  qkv: Linear;
  proj: Linear;
  meta_mlp: Mlp;
}

export interface SwinV2CrBlock {
  attn: MetaAttention;
  norm1: LayerNorm;
  mlp: Mlp;
  norm2: LayerNorm;
  norm3?: LayerNorm;
}

export interface SwinV2Cr extends PooledHead {
  patch_embed: NormedPatchEmbed;
  stages: { downsample?: PatchMerging; blocks: SwinV2CrBlock[] }[];
}

interface BlockPlan extends BlockWindow {
  extraNorm: boolean;
}

interface StagePlan {
  dim: number;
  heads: number;
  blocks: BlockPlan[];
}

function windowsOf(c: SwinV2CrConfig): Grid[] {
  const stages = c.depths.length;
  return c.windowSize === null
    ? windowsByRatio(patchGrid(c), c.windowRatio, stages)
    : stageWindows(c.windowSize, stages);
}

function plan(c: SwinV2CrConfig): StagePlan[] {
  checkHeads(c);
  const targets = windowsOf(c);
  return stageShapes(c).map(({ map, dim }, i) => {
    const depth = c.depths[i]!;
    const endsWithNorm = c.extraNormStage || i === c.depths.length - 1;
    const blocks = Array.from({ length: depth }, (_, j): BlockPlan => {
      const periodic = c.extraNormPeriod > 0 && (j + 1) % c.extraNormPeriod === 0;
      const extraNorm = periodic || (endsWithNorm && j + 1 === depth);
      return { ...blockWindow(targets[i]!, map, j % 2 === 1, c.alwaysPartition), extraNorm };
    });
    return { dim, heads: c.numHeads[i]!, blocks };
  });
}

/** PyTorch's own initialisation, which timm leaves this form with. */
function plainLinear(from: number, to: number, bias = true): Spec<Linear> {
  return linearSpec(from, to, { bias, init: fanInUniform(from), biasInit: fanInUniform(from) });
}

function plainMlp(dim: number, hidden: number, to: number): Spec<Mlp> {
  return { fc1: plainLinear(dim, hidden), fc2: plainLinear(hidden, to) };
}

export function swinV2CrSpec(c: SwinV2CrConfig): Spec<SwinV2Cr> {
  const stages = plan(c);
  const dim = stages.at(-1)!.dim * (c.globalPool === "catavgmax" ? 2 : 1);
  return {
    patch_embed: normedPatchEmbedSpec(c),
    stages: stages.map((stage, i) => ({
      ...(i > 0
        ? {
            downsample: patchMergingSpec(stages[i - 1]!.dim, stage.dim, { init: fanInUniform(4 * stages[i - 1]!.dim) }),
          }
        : {}),
      blocks: stage.blocks.map(({ extraNorm }) => blockSpec(c, stage, extraNorm)),
    })),
    ...pooledHeadSpec(c, { init: fanInUniform(dim), biasInit: fanInUniform(dim) }),
  } as Spec<SwinV2Cr>;
}

function blockSpec(c: SwinV2CrConfig, { dim, heads }: StagePlan, extraNorm: boolean): Spec<SwinV2CrBlock> {
  const weight = param([dim], c.initValues === null ? ones : constant(c.initValues));
  const closed = { weight, bias: param([dim], zeros) };
  return {
    attn: {
      logit_scale: param([heads], constant(Math.log(10))),
      qkv: plainLinear(dim, 3 * dim),
      proj: plainLinear(dim, dim),
      meta_mlp: plainMlp(2, biasWidth, heads),
    },
    norm1: closed,
    mlp: plainMlp(dim, Math.trunc(dim * c.mlpRatio), dim),
    norm2: closed,
    ...(extraNorm ? { norm3: layerNormSpec(dim) } : {}),
  } as Spec<SwinV2CrBlock>;
}

/** The last stage's map, normalised by its last block. images: [B, H, W, C] → [B, H/32, W/32, 8·embedDim] with four stages. */
export function swinV2CrFeatures(c: SwinV2CrConfig, p: SwinV2Cr, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const stages = plan(c).map(({ heads, blocks: plans }, i): Stage => {
    const { downsample, blocks } = p.stages[i]!;
    return {
      merge: downsample && ((x) => mergePatches(downsample, x)),
      blocks: plans.map((at, j) => (x, inside, rate) => swinV2CrBlock(c, heads, at, blocks[j]!, x, inside, rate)),
    };
  });
  return throughStages(c, "stages", stages, embedPatches(c, p.patch_embed, images, mode), mode);
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function swinV2CrBlock(
  c: SwinV2CrConfig,
  heads: number,
  at: BlockWindow,
  p: SwinV2CrBlock,
  x: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const inside = scope(mode, "attn");
  const bias = positionBias(p.attn.meta_mlp, at.window, scope(inside, "meta_mlp")); //               [h, N, N]
  const scale = tf.reshape(temperature(p.attn.logit_scale), [heads, 1, 1]);
  const attended = inWindows(x, at, (windows, mask) => {
    const [q, k, v] = splitHeads(linear(p.attn.qkv, windows), heads);
    const cosines: Heads = [unitVectors(q, scale), unitVectors(k), v];
    const mixed = linear(p.attn.proj, attendWithBias(cosines, bias, mask, c.attnDropRate, inside)); // [B·nW, N, D]
    if (mode.taps) tap(inside, byImage(mixed, x.shape[0]));
    return dropout(mixed, c.projDropRate, scope(inside, "proj_drop"));
  });
  const branch = layerNorm(p.norm1, attended, epsilon);
  const middle = tf.add(x, dropPath(branch, rate, mode, "drop_path1")) as tf.Tensor4D;
  const thought = mlp(p.mlp, middle, scope(mode, "mlp"), { drop: c.projDropRate });
  const sum = tf.add(middle, dropPath(layerNorm(p.norm2, thought, epsilon), rate, mode, "drop_path2")) as tf.Tensor4D;
  return tap(mode, p.norm3 ? layerNorm(p.norm3, sum, epsilon) : sum);
}

/**
 * A perceptron of each pair's offset, [h, N, N]. Of each pair and not of each offset, which would do but for the dropout:
 * that is drawn for each pair.
 */
function positionBias(p: Mlp, window: Grid, mode: Mode): tf.Tensor3D {
  const tokens = window[0] * window[1];
  const pairs = relativePositionBias(logOffsets(window, { kind: "cr" }), window); //                 [2, N, N]
  const offsets = tf.transpose(tf.reshape(pairs, [2, tokens * tokens])) as tf.Tensor2D;
  const hidden = dropout(tf.relu(linear(p.fc1, offsets)), biasDrop, scope(mode, "drop1"));
  const biases = linear(p.fc2, hidden); //                                                           [N·N, h]
  return tf.reshape(tf.transpose(biases), [biases.shape[1], tokens, tokens]);
}

/** Class scores. map: [B, H, W, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function swinV2CrHead(
  c: SwinV2CrConfig,
  p: SwinV2Cr,
  map: tf.Tensor,
  mode: Mode,
  { preLogits = false }: { preLogits?: boolean } = {},
): tf.Tensor2D {
  return pooledHead(c, p, map as tf.Tensor4D, mode, preLogits);
}

/** An earlier checkpoint, or one for other channels. Windows and images of other sizes need nothing. */
export function adaptSwinV2Cr(c: SwinV2CrConfig, given: State, notes: string[]): State {
  const state = fromEarlierCr(given, notes);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  return state;
}

/** The configuration for images of another size: windows keep their part of the map, unless they are given too. */
export function resizeSwinV2Cr(c: SwinV2CrConfig, options: Partial<SwinV2CrConfig>): Partial<SwinV2CrConfig> {
  const { imgSize, windowSize, windowRatio } = options;
  if (imgSize === undefined || windowSize !== undefined) return options;
  const grid = patchGrid({ ...c, imgSize });
  const windows =
    windowRatio === undefined
      ? scaledWindows(windowsOf(c), patchGrid(c), grid)
      : windowsByRatio(grid, windowRatio, c.depths.length);
  return { ...options, windowSize: windows };
}
