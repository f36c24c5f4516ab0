// Swin Transformer v2, Liu et al. 2022, https://arxiv.org/abs/2111.09883
//
// Three changes to Swin (model.ts): norms stand at the end of residual branches; attention compares by cosine, with a learned
// temperature; and biases come from a perceptron over log-spaced offsets, so that parameters do not depend on the window and
// a model goes over to larger images as it is. Parameters carry timm's names.

import {
  adaptInputConv,
  constant,
  dropout,
  dropPath,
  type Mode,
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
  type Activation,
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
  mlpSpec,
  relativePositionBias,
} from "@vitrine/core/layers";
import { fromAuthors } from "./checkpoint.ts";
import {
  checkHeads,
  embedPatches,
  epsilon,
  joinNeighbours,
  type MapConfig,
  mapDefaults,
  type NormedPatchEmbed,
  normedPatchEmbedSpec,
  type PooledHead,
  patchGrid,
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
  pair,
  refuse,
  type Size,
  scaledWindows,
  stageWindows,
  type WindowSize,
} from "./windows.ts";

/** timm's arguments of `SwinTransformerV2`, in camel case. */
export interface SwinV2Config extends MapConfig {
  /** Window of all stages, or of each. Where a map is smaller, it is one window. */
  windowSize: WindowSize;
  /** Windows of the pretraining, a stage each, which offsets are measured by; 0 for the window itself. */
  pretrainedWindowSizes: readonly Size[];
  /** Width of the perceptrons' hidden layer over the stage's width. */
  mlpRatio: number;
  qkvBias: boolean;
  actLayer: Activation;
}

export const defaults: SwinV2Config = {
  ...mapDefaults,
  windowSize: 7,
  pretrainedWindowSizes: [0, 0, 0, 0],
  mlpRatio: 4,
  qkvBias: true,
  actLayer: "gelu",
};

/** Width of the perceptron that biases come from. */
const biasWidth = 512;

export interface CosineAttention {
  logit_scale: tf.Tensor3D;
  q_bias?: tf.Tensor1D;
  v_bias?: tf.Tensor1D;
  cpb_mlp: { 0: Linear; 2: Linear };
  qkv: Linear;
  proj: Linear;
}

export interface SwinV2Block {
  attn: CosineAttention;
  norm1: LayerNorm;
  mlp: Mlp;
  norm2: LayerNorm;
}

export interface PatchMergingV2 {
  reduction: Linear;
  norm: LayerNorm;
}

export interface SwinV2 extends PooledHead {
  patch_embed: NormedPatchEmbed;
  layers: { downsample?: PatchMergingV2; blocks: SwinV2Block[] }[];
  norm: LayerNorm;
}

interface StagePlan {
  dim: number;
  heads: number;
  /** The window that offsets are measured by; undefined for the block's own. */
  pretrained: Grid | undefined;
  windows: BlockWindow[];
}

function plan(c: SwinV2Config): StagePlan[] {
  checkHeads(c);
  const stages = c.depths.length;
  const targets = stageWindows(c.windowSize, stages);
  if (c.pretrainedWindowSizes.length < stages)
    throw refuse(`pretrainedWindowSizes: one for each of the ${stages} stages; 0 where there was no pretraining`);
  return stageShapes(c).map(({ map, dim }, i) => {
    const pretrained = pair(c.pretrainedWindowSizes[i]!);
    return {
      dim,
      heads: c.numHeads[i]!,
      pretrained: pretrained[0] > 0 ? pretrained : undefined,
      windows: Array.from({ length: c.depths[i]! }, (_, j) =>
        blockWindow(targets[i]!, map, j % 2 === 1, c.alwaysPartition),
      ),
    };
  });
}

export function swinV2Spec(c: SwinV2Config): Spec<SwinV2> {
  const stages = plan(c);
  return {
    patch_embed: normedPatchEmbedSpec(c),
    layers: stages.map(({ dim, heads, windows }, i) => ({
      ...(i > 0 ? { downsample: mergingSpec(stages[i - 1]!.dim, dim) } : {}),
      blocks: windows.map(() => blockSpec(c, dim, heads)),
    })),
    norm: layerNormSpec(stages.at(-1)!.dim),
    ...pooledHeadSpec(c),
  } as Spec<SwinV2>;
}

function mergingSpec(from: number, to: number): Spec<PatchMergingV2> {
  return { reduction: linearSpec(4 * from, to, { bias: false }), norm: layerNormSpec(to) };
}

/** Norms at the end of branches start at zero: a new block passes on what it is given. */
function blockSpec(c: SwinV2Config, dim: number, heads: number): Spec<SwinV2Block> {
  const closed = { weight: param([dim], zeros), bias: param([dim], zeros) };
  const undecayed = <S extends object>(spec: S): S =>
    Object.fromEntries(Object.entries(spec).map(([name, leaf]) => [name, { ...leaf, decay: false }])) as S;
  return {
    attn: {
      logit_scale: param([heads, 1, 1], constant(Math.log(10)), { decay: false }),
      ...(c.qkvBias ? { q_bias: param([dim]), v_bias: param([dim]) } : {}),
      cpb_mlp: {
        0: undecayed(linearSpec(2, biasWidth)),
        2: undecayed(linearSpec(biasWidth, heads, { bias: false })),
      },
      qkv: linearSpec(dim, 3 * dim, { bias: false }),
      proj: linearSpec(dim, dim),
    },
    norm1: closed,
    mlp: mlpSpec(dim, Math.trunc(dim * c.mlpRatio)),
    norm2: closed,
  } as Spec<SwinV2Block>;
}

/** The last stage's map, normalised. images: [B, H, W, C] → [B, H/32, W/32, 8·embedDim] with four stages. */
export function swinV2Features(c: SwinV2Config, p: SwinV2, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const stages = plan(c).map((stage, i): Stage => {
    const { downsample, blocks } = p.layers[i]!;
    return {
      merge: downsample && ((x) => merge(downsample, x)),
      blocks: stage.windows.map((at, j) => (x, inside, rate) => swinV2Block(c, stage, at, blocks[j]!, x, inside, rate)),
    };
  });
  const x = throughStages(c, "layers", stages, embedPatches(c, p.patch_embed, images, mode), mode);
  return tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon));
}

/** x: [B, H, W, D] → [B, ⌈H/2⌉, ⌈W/2⌉, 2D]. */
function merge(p: PatchMergingV2, x: tf.Tensor4D): tf.Tensor4D {
  return layerNorm(p.norm, linear(p.reduction, joinNeighbours(x)), epsilon);
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function swinV2Block(
  c: SwinV2Config,
  stage: StagePlan,
  at: BlockWindow,
  p: SwinV2Block,
  x: tf.Tensor4D,
  mode: Mode,
  rate: number,
): tf.Tensor4D {
  const inside = scope(mode, "attn");
  const bias = positionBias(p.attn, at.window, stage.pretrained); //                                 [h, N, N]
  const attended = inWindows(x, at, (windows, mask) => {
    const [q, k, v] = splitHeads(linear(withBias(p.attn), windows), stage.heads);
    const cosines: Heads = [unitVectors(q, temperature(p.attn.logit_scale)), unitVectors(k), v];
    const mixed = linear(p.attn.proj, attendWithBias(cosines, bias, mask, c.attnDropRate, inside)); // [B·nW, N, D]
    if (mode.taps) tap(inside, byImage(mixed, x.shape[0]));
    return dropout(mixed, c.projDropRate, scope(inside, "proj_drop"));
  });
  const branch = layerNorm(p.norm1, attended, epsilon);
  const middle = tf.add(x, dropPath(branch, rate, mode, "drop_path1")) as tf.Tensor4D;
  const options = { activation: c.actLayer, drop: c.projDropRate };
  const thought = layerNorm(p.norm2, mlp(p.mlp, middle, scope(mode, "mlp"), options), epsilon);
  return tap(mode, tf.add(middle, dropPath(thought, rate, mode, "drop_path2")) as tf.Tensor4D);
}

/** Queries and values have a bias, keys have none. */
function withBias({ qkv, q_bias: q, v_bias: v }: CosineAttention): Linear {
  return q === undefined || v === undefined
    ? qkv
    : { weight: qkv.weight, bias: tf.concat([q, tf.zeros(q.shape), v]) as tf.Tensor1D };
}

/** Continuous position bias: 16 · sigmoid of a perceptron of each offset's logarithm, [h, N, N]. */
function positionBias({ cpb_mlp: p }: CosineAttention, window: Grid, pretrained: Grid | undefined): tf.Tensor3D {
  const offsets = logOffsets(window, pretrained === undefined ? {} : { pretrained });
  const table = linear(p[2], tf.relu(linear(p[0], offsets))); //                                     [(2h-1)·(2w-1), heads]
  return relativePositionBias(tf.mul(tf.sigmoid(table), 16), window);
}

/** Class scores. map: [B, H, W, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function swinV2Head(
  c: SwinV2Config,
  p: SwinV2,
  map: tf.Tensor,
  mode: Mode,
  { preLogits = false }: { preLogits?: boolean } = {},
): tf.Tensor2D {
  return pooledHead(c, p, map as tf.Tensor4D, mode, preLogits);
}

/** A checkpoint of the authors, or for other channels. Windows and images of other sizes need nothing. */
export function adaptSwinV2(c: SwinV2Config, given: State, notes: string[]): State {
  const state = fromAuthors(given, notes);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  return state;
}

/** The configuration for images of another size: windows keep their part of the map, unless they are given too. */
export function resizeSwinV2(c: SwinV2Config, options: Partial<SwinV2Config>): Partial<SwinV2Config> {
  if (options.imgSize === undefined || options.windowSize !== undefined) return options;
  const windows = stageWindows(c.windowSize, c.depths.length);
  return { ...options, windowSize: scaledWindows(windows, patchGrid(c), patchGrid({ ...c, ...options })) };
}
