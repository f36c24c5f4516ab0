// Swin Transformer, Liu et al. 2021, https://arxiv.org/abs/2103.14030, and the sizes found by searching (S3, AutoFormerV2),
// https://arxiv.org/abs/2111.14725
//
// Attention looks at windows of a map, which every second block shifts; between stages the map halves and its channels
// double. Parameters carry timm's names. Each block has a table of biases for its window, so another window means another
// table: `adaptSwin` resizes those of a checkpoint.

import {
  adaptBiasTable,
  adaptInputConv,
  dropout,
  dropPath,
  type Mode,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  truncNormal,
} from "@vitrine/core";
import {
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type Mlp,
  mlp,
  mlpSpec,
  relativePositionBias,
} from "@vitrine/core/layers";
import { fromAuthors } from "./checkpoint.ts";
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
  patchMergingSpec,
  pooledHead,
  pooledHeadSpec,
  stageShapes,
} from "./patches.ts";
import { inWindows } from "./shifted-windows.ts";
import { type Stage, throughStages } from "./stages.ts";
import { attendWithBias, byImage, type Heads, splitHeads } from "./window-attention.ts";
import { type BlockWindow, blockWindow, perStage, stageWindows, type WindowSize } from "./windows.ts";

/** timm's arguments of `SwinTransformer`, in camel case. */
export interface SwinConfig extends MapConfig {
  /** Width of an attention head; null for the stage's width over its heads. */
  headDim: number | null | readonly (number | null)[];
  /** Window of all stages, or of each. Where a map is smaller, it is one window. */
  windowSize: WindowSize;
  /** Width of the perceptrons' hidden layer over the stage's width; one for all stages or one a stage. */
  mlpRatio: number | readonly number[];
  qkvBias: boolean;
}

export const defaults: SwinConfig = {
  ...mapDefaults,
  headDim: null,
  windowSize: 7,
  mlpRatio: 4,
  qkvBias: true,
};

export interface WindowAttention {
  relative_position_bias_table: tf.Tensor2D;
  qkv: Linear;
  proj: Linear;
}

export interface SwinBlock {
  norm1: LayerNorm;
  attn: WindowAttention;
  norm2: LayerNorm;
  mlp: Mlp;
}

export interface SwinStage {
  downsample?: PatchMerging;
  blocks: SwinBlock[];
}

export interface Swin extends PooledHead {
  patch_embed: NormedPatchEmbed;
  layers: SwinStage[];
  norm: LayerNorm;
}

/** A stage as its blocks see it. */
interface StagePlan {
  dim: number;
  heads: number;
  headDim: number;
  mlpRatio: number;
  /** Of each block. */
  windows: BlockWindow[];
}

function plan(c: SwinConfig): StagePlan[] {
  const stages = c.depths.length;
  const targets = stageWindows(c.windowSize, stages);
  const ratios = perStage<number>("mlpRatio", c.mlpRatio, stages);
  const headDims = perStage<number | null>("headDim", c.headDim, stages);
  checkHeads(c, headDims);
  return stageShapes(c).map(({ map, dim }, i) => ({
    dim,
    heads: c.numHeads[i]!,
    headDim: headDims[i] ?? dim / c.numHeads[i]!,
    mlpRatio: ratios[i]!,
    windows: Array.from({ length: c.depths[i]! }, (_, j) =>
      blockWindow(targets[i]!, map, j % 2 === 1, c.alwaysPartition),
    ),
  }));
}

export function swinSpec(c: SwinConfig): Spec<Swin> {
  const stages = plan(c);
  return {
    patch_embed: normedPatchEmbedSpec(c),
    layers: stages.map((stage, i) => ({
      ...(i > 0 ? { downsample: patchMergingSpec(stages[i - 1]!.dim, stage.dim) } : {}),
      blocks: stage.windows.map(({ window }) => blockSpec(c, stage, window)),
    })),
    norm: layerNormSpec(stages.at(-1)!.dim),
    ...pooledHeadSpec(c),
  } as Spec<Swin>;
}

function blockSpec(c: SwinConfig, { dim, heads, headDim, mlpRatio }: StagePlan, [h, w]: readonly [number, number]) {
  const width = heads * headDim;
  return {
    norm1: layerNormSpec(dim),
    attn: {
      relative_position_bias_table: param([(2 * h - 1) * (2 * w - 1), heads], truncNormal(0.02), { decay: false }),
      qkv: linearSpec(dim, 3 * width, { bias: c.qkvBias }),
      proj: linearSpec(width, dim),
    },
    norm2: layerNormSpec(dim),
    mlp: mlpSpec(dim, Math.trunc(dim * mlpRatio)),
  } as Spec<SwinBlock>;
}

/** The last stage's map, normalised. images: [B, H, W, C] → [B, H/32, W/32, 8·embedDim] with four stages. */
export function swinFeatures(c: SwinConfig, p: Swin, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const stages = plan(c).map((stage, i): Stage => {
    const { downsample, blocks } = p.layers[i]!;
    return {
      merge: downsample && ((x) => mergePatches(downsample, x)),
      blocks: stage.windows.map((at, j) => (x, inside, rate) => swinBlock(c, stage, at, blocks[j]!, x, inside, rate)),
    };
  });
  const x = throughStages(c, "layers", stages, embedPatches(c, p.patch_embed, images, mode), mode);
  return tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon));
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function swinBlock(
  c: SwinConfig,
  stage: StagePlan,
  at: BlockWindow,
  p: SwinBlock,
  x: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const normed = layerNorm(p.norm1, x, epsilon);
  const inside = scope(mode, "attn");
  const attended = inWindows(normed, at, (windows, mask) => {
    const [q, k, v] = splitHeads(linear(p.attn.qkv, windows), stage.heads);
    const heads: Heads = [tf.mul(q, stage.headDim ** -0.5), k, v];
    const bias = relativePositionBias(p.attn.relative_position_bias_table, at.window); //             [h, N, N]
    const mixed = linear(p.attn.proj, attendWithBias(heads, bias, mask, c.attnDropRate, inside)); //  [B·nW, N, D]
    if (mode.taps) tap(inside, byImage(mixed, x.shape[0]));
    return dropout(mixed, c.projDropRate, scope(inside, "proj_drop"));
  });
  const middle = tf.add(x, dropPath(attended, rate, mode, "drop_path1")) as tf.Tensor4D;
  const thought = mlp(p.mlp, layerNorm(p.norm2, middle, epsilon), scope(mode, "mlp"), { drop: c.projDropRate });
  return tap(mode, tf.add(middle, dropPath(thought, rate, mode, "drop_path2")) as tf.Tensor4D);
}

/** Class scores. map: [B, H, W, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function swinHead(
  c: SwinConfig,
  p: Swin,
  map: tf.Tensor,
  mode: Mode,
  { preLogits = false }: { preLogits?: boolean } = {},
): tf.Tensor2D {
  return pooledHead(c, p, map as tf.Tensor4D, mode, preLogits);
}

/** A checkpoint of the authors, for other channels, or of another window or image size. */
export function adaptSwin(c: SwinConfig, given: State, notes: string[]): State {
  const state = fromAuthors(given, notes);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  plan(c).forEach(({ windows }, i) => {
    windows.forEach(({ window }, j) => {
      adaptBiasTable(`layers.${i}.blocks.${j}.attn.relative_position_bias_table`, window, state, notes);
    });
  });
  return state;
}
