// DINOv3, Siméoni et al. 2025, https://arxiv.org/abs/2508.10104
//
// A vision transformer without a position table: queries and keys are turned by where their patch lies in the image, so
// one model takes any image that its patches tile. Class token and registers have no place.

import {
  adaptInputConv,
  type BaseConfig,
  dropout,
  imageSize,
  type Mode,
  param,
  type Spec,
  type State,
  scope,
  tap,
  type tf,
  truncNormal,
  VitrineError,
} from "@vitrine/core";
import {
  type AttentionPool,
  attentionPool,
  attentionPoolSpec,
  checkRotaryJitter,
  dropPathRates,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
  patchGrid,
  poolTokens,
  prependTokens,
  rotaryAngles,
  rotaryTable,
} from "@vitrine/core/layers";
import { type Block, type BlockConfig, block, blockSpec, epsilon } from "./block.ts";

/** timm's arguments of `Eva` as far as DINOv3 has them, in camel case. */
export interface DinoV3Config extends BaseConfig, BlockConfig {
  patchSize: number;
  depth: number;
  /** What the head reads: the mean, maximum or both of the patches; the class token; a learned query; every token (""). */
  globalPool: "avg" | "max" | "avgmax" | "token" | "map" | "";
  /** Heads and hidden width of the learned query's attention; null for those of the blocks. */
  attnPoolNumHeads: number | null;
  attnPoolMlpRatio: number | null;
  classToken: boolean;
  numRegTokens: number;
  /** Base of the periods of rotary positions. */
  ropeTemperature: number;
  /** Channels turned together are half a head apart; else neighbours. */
  ropeRotateHalf: boolean;
  /** Whether the first half of a head's channels turns by the row ("ij") or by the column ("xy"). */
  ropeGridIndexing: "ij" | "xy";
  /** Added to each patch's place, in patches. */
  ropeGridOffset: number;
  /** In training the grid is shifted by up to this much, in coordinates from -1 to 1; null for not at all. */
  ropeShiftCoords: number | null;
  /** In training each axis is scaled by a factor between 1/this and this; null for not at all. */
  ropeJitterCoords: number | null;
  /** In training both axes are scaled by one factor between 1/this and this; null for not at all. */
  ropeRescaleCoords: number | null;
  /** The norm at the end is behind the pooling; null for: where patches are averaged. */
  useFcNorm: boolean | null;
  /** A norm ahead of the pooling; null for: where there is none behind it. */
  usePostTransformerNorm: boolean | null;
  /** Take images of other sizes than `imgSize`. */
  dynamicImgSize: boolean;
  /** Factor of the head's first weights. */
  headInitScale: number;
  dropRate: number;
  posDropRate: number;
  dropPathRate: number;
}

export const defaults: DinoV3Config = {
  imgSize: 256,
  patchSize: 16,
  inChans: 3,
  numClasses: 1000,
  globalPool: "avg",
  attnPoolNumHeads: null,
  attnPoolMlpRatio: null,
  embedDim: 768,
  depth: 12,
  numHeads: 12,
  mlpRatio: 4,
  qkvBias: false,
  qkNorm: false,
  swigluMlp: false,
  swigluAlignTo: 0,
  initValues: 1e-5,
  classToken: true,
  numRegTokens: 4,
  ropeTemperature: 100,
  ropeRotateHalf: true,
  ropeGridIndexing: "ij",
  ropeGridOffset: 0,
  ropeShiftCoords: null,
  ropeJitterCoords: null,
  ropeRescaleCoords: null,
  useFcNorm: false,
  usePostTransformerNorm: null,
  dynamicImgSize: true,
  headInitScale: 0.001,
  dropRate: 0,
  posDropRate: 0,
  projDropRate: 0,
  attnDropRate: 0,
  dropPathRate: 0,
};

export interface DinoV3 {
  cls_token?: tf.Tensor3D;
  reg_token?: tf.Tensor3D;
  patch_embed: PatchEmbed;
  blocks: Block[];
  norm?: LayerNorm;
  attn_pool?: AttentionPool;
  fc_norm?: LayerNorm;
  head?: Linear;
}

const prefixOf = (c: DinoV3Config) => Number(c.classToken) + c.numRegTokens;

const jitterOf = (c: DinoV3Config) => ({
  shift: c.ropeShiftCoords,
  jitter: c.ropeJitterCoords,
  rescale: c.ropeRescaleCoords,
});

/** Which norms there are. */
function norms(c: DinoV3Config): { behind: boolean; ahead: boolean } {
  const behind = c.useFcNorm ?? c.globalPool === "avg";
  return { behind, ahead: c.usePostTransformerNorm ?? !behind };
}

/** @throws VitrineError for an image that the patches do not tile, and for options that do not go together. */
export function dinov3Spec(c: DinoV3Config): Spec<DinoV3> {
  patchGrid(c);
  checkRotaryJitter(jitterOf(c));
  if (c.globalPool === "token" && !c.classToken)
    throw new VitrineError("dinov3", 'globalPool "token" needs classToken; without it, take "avg"', { usage: true });
  const dim = c.embedDim;
  const { behind, ahead } = norms(c);
  const token = (count: number) => param([1, count, dim], truncNormal(0.02), { decay: false });
  const head = () => linearSpec(dim, c.numClasses, { init: truncNormal(0.02 * c.headInitScale) });
  return {
    ...(c.classToken ? { cls_token: token(1) } : {}),
    ...(c.numRegTokens > 0 ? { reg_token: token(c.numRegTokens) } : {}),
    patch_embed: patchEmbedSpec(c.patchSize, c.inChans, dim),
    blocks: Array.from({ length: c.depth }, (_, i) => blockSpec(c, i)),
    ...(ahead ? { norm: layerNormSpec(dim) } : {}),
    ...(c.globalPool === "map" ? { attn_pool: attentionPoolSpec(dim, c.attnPoolMlpRatio ?? c.mlpRatio) } : {}),
    ...(behind ? { fc_norm: layerNormSpec(dim) } : {}),
    ...(c.numClasses > 0 ? { head: head() } : {}),
  } as Spec<DinoV3>;
}

/** Rows and columns of an image's patches. */
function gridOf(c: DinoV3Config, [, height, width]: readonly number[]): readonly [number, number] {
  const [h, w] = imageSize(c);
  if (c.dynamicImgSize || (height === h && width === w))
    return patchGrid({ imgSize: [height!, width!], patchSize: c.patchSize });
  const next = "resize it, or make the model with that imgSize or with dynamicImgSize";
  throw new VitrineError("dinov3", `an image of ${h}x${w} is expected, ${height}x${width} found; ${next}`);
}

/** Tokens after the last block and its norm; of them the first `queries` where that is given. */
function encode(c: DinoV3Config, p: DinoV3, images: tf.Tensor4D, mode: Mode, queries?: number): tf.Tensor3D {
  const grid = gridOf(c, images.shape);
  const places = {
    temperature: c.ropeTemperature,
    offset: c.ropeGridOffset,
    indexing: c.ropeGridIndexing,
    normalize: "separate",
  } as const;
  const angles = rotaryAngles(grid, c.embedDim / c.numHeads, places, scope(mode, "rope"), jitterOf(c)); // [N, d/2]
  const rotary = rotaryTable(angles, c.ropeRotateHalf ? "half" : "interleaved", prefixOf(c));

  const patches = tap(scope(mode, "patch_embed"), patchEmbed(p.patch_embed, images)); //                 [B, N, D]
  const before = [p.cls_token, p.reg_token].filter((token) => token !== undefined);
  let x = dropout(prependTokens(patches, before), c.posDropRate, scope(mode, "pos_drop")); //    [B, prefix + N, D]
  const rates = dropPathRates(c.dropPathRate, c.depth);
  p.blocks.forEach((one, i) => {
    const options = { dropPath: rates[i]!, queries: i === c.depth - 1 ? queries : undefined };
    x = block(c, one, x, rotary, scope(scope(mode, "blocks"), String(i)), options);
  });
  return p.norm ? tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon)) : x;
}

/** Class token, registers and patches. images: [B, H, W, C] → [B, prefix + N, D]. */
export function dinov3Features(c: DinoV3Config, p: DinoV3, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return encode(c, p, images, mode);
}

/** Class scores. tokens: [B, prefix + N, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function dinov3Head(
  c: DinoV3Config,
  p: DinoV3,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = pool(c, p, tokens as tf.Tensor3D, mode);
  const normed = p.fc_norm ? tap(scope(mode, "fc_norm"), layerNorm(p.fc_norm, pooled, epsilon)) : pooled;
  const read = dropout(normed, c.dropRate, scope(mode, "head_drop"));
  return options.preLogits || p.head === undefined ? read : linear(p.head, read);
}

function pool(c: DinoV3Config, p: DinoV3, tokens: tf.Tensor3D, mode: Mode): tf.Tensor2D {
  if (p.attn_pool) {
    const heads = c.attnPoolNumHeads ?? c.numHeads;
    return attentionPool(p.attn_pool, tokens, scope(mode, "attn_pool"), { heads, epsilon });
  }
  // timm leaves the tokens as they are for ""; the head then gives scores for each: [B, prefix + N, classes].
  if (c.globalPool === "" || c.globalPool === "map") return tokens as tf.Tensor as tf.Tensor2D;
  return poolTokens(tokens, c.globalPool, prefixOf(c));
}

/** Class scores from images, with only the class token sent through the rest of the last block where only it is read. */
export function dinov3Logits(c: DinoV3Config, p: DinoV3, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  const tokens = c.globalPool === "token" ? encode(c, p, images, mode, 1) : dinov3Features(c, p, images, mode);
  return dinov3Head(c, p, tokens, mode);
}

/** A checkpoint for other channels; nothing in it depends on the image's size. */
export function adaptDinoV3(c: DinoV3Config, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  return state;
}
