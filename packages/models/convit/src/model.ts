// ConViT, d'Ascoli et al. 2021, https://arxiv.org/abs/2103.10697
//
// A vision transformer whose first blocks have gated positional self-attention, which starts as a convolution and may
// forget it. They see patches alone; the class token joins behind them, ahead of the plain blocks.

import {
  adaptInputConv,
  adaptPositions,
  type BaseConfig,
  dropout,
  dropPath,
  imageSize,
  type Mode,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  truncNormal,
  VitrineError,
} from "@vitrine/core";
import {
  dropPathRates,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type Mlp,
  mlp,
  mlpSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
  patchGrid,
  poolTokens,
  prependTokens,
  type TransformerBlock,
  type TransformerBlockConfig,
  transformerBlock,
  transformerBlockSpec,
  vitEncoderDefaults,
} from "@vitrine/core/layers";
import { type Gpsa, gpsa, gpsaSpec, relativePositions } from "./gpsa.ts";

/** timm's arguments of `ConVit`, in camel case. */
export interface ConViTConfig extends BaseConfig {
  patchSize: number;
  /** Width of one head; tokens are `embedDim * numHeads` wide. */
  embedDim: number;
  depth: number;
  numHeads: number;
  mlpRatio: number;
  qkvBias: boolean;
  /** What the head reads: the class token; the mean of the other tokens; every token (""). */
  globalPool: "token" | "avg" | "";
  /** Number of blocks with gated positional self-attention. */
  localUpToLayer: number;
  /** How sharply their heads look at one cell at first. */
  localityStrength: number;
  /** A learned position table beside the relative positions. */
  usePosEmbed: boolean;
  dropRate: number;
  posDropRate: number;
  projDropRate: number;
  attnDropRate: number;
  dropPathRate: number;
}

export const defaults: ConViTConfig = {
  imgSize: 224,
  patchSize: 16,
  inChans: 3,
  numClasses: 1000,
  globalPool: "token",
  embedDim: 48,
  depth: 12,
  numHeads: 12,
  mlpRatio: 4,
  qkvBias: false,
  localUpToLayer: 10,
  localityStrength: 1,
  usePosEmbed: true,
  dropRate: 0,
  posDropRate: 0,
  projDropRate: 0,
  attnDropRate: 0,
  dropPathRate: 0,
};

/** A block with gated positional self-attention. */
export interface LocalBlock {
  norm1: LayerNorm;
  attn: Gpsa;
  norm2: LayerNorm;
  mlp: Mlp;
}

export interface ConViT {
  cls_token: tf.Tensor3D;
  pos_embed?: tf.Tensor3D;
  patch_embed: PatchEmbed;
  /** Gated positional ones first, then plain ones. */
  blocks: (LocalBlock | TransformerBlock)[];
  norm: LayerNorm;
  head?: Linear;
}

const epsilon = 1e-6;

const width = (c: ConViTConfig) => c.embedDim * c.numHeads;

/** The plain blocks' configuration. */
function blockConfig(c: ConViTConfig): TransformerBlockConfig {
  return { ...vitEncoderDefaults, ...c, embedDim: width(c), normEps: epsilon };
}

function localBlockSpec(c: ConViTConfig): Spec<LocalBlock> {
  const dim = width(c);
  return {
    norm1: layerNormSpec(dim),
    attn: gpsaSpec(dim, c.numHeads, c),
    norm2: layerNormSpec(dim),
    mlp: mlpSpec(dim, Math.trunc(dim * c.mlpRatio)),
  };
}

/** @throws VitrineError where the patches do not tile the image. */
export function convitSpec(c: ConViTConfig): Spec<ConViT> {
  const [rows, columns] = patchGrid(c);
  const dim = width(c);
  const table = (entries: number) => param([1, entries, dim], truncNormal(0.02), { decay: false });
  return {
    cls_token: table(1),
    ...(c.usePosEmbed ? { pos_embed: table(rows * columns) } : {}),
    patch_embed: patchEmbedSpec(c.patchSize, c.inChans, dim),
    blocks: Array.from({ length: c.depth }, (_, i) =>
      i < c.localUpToLayer ? localBlockSpec(c) : transformerBlockSpec(blockConfig(c)),
    ),
    norm: layerNormSpec(dim),
    ...(c.numClasses > 0 ? { head: linearSpec(dim, c.numClasses) } : {}),
  } as Spec<ConViT>;
}

/** x: [B, N, D], relative: [3, N·N] → [B, N, D]. */
function localBlock(
  c: ConViTConfig,
  p: LocalBlock,
  x: tf.Tensor3D,
  relative: tf.Tensor2D,
  mode: Mode,
  rate: number,
): tf.Tensor3D {
  const options = { heads: c.numHeads, attnDrop: c.attnDropRate, projDrop: c.projDropRate };
  const mixed = gpsa(p.attn, layerNorm(p.norm1, x, epsilon), relative, scope(mode, "attn"), options);
  const middle = tf.add(x, dropPath(tap(scope(mode, "attn"), mixed), rate, mode, "drop_path1")) as tf.Tensor3D;
  const thought = mlp(p.mlp, layerNorm(p.norm2, middle, epsilon), scope(mode, "mlp"), { drop: c.projDropRate });
  const added = dropPath(tap(scope(mode, "mlp"), thought), rate, mode, "drop_path2");
  return tap(mode, tf.add(middle, added) as tf.Tensor3D);
}

/** Patches with their positions. images: [B, H, W, C] → [B, N, D]. */
function embed(c: ConViTConfig, p: ConViT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  const [height, width] = imageSize(c);
  const [, h, w] = images.shape;
  if (h !== height || w !== width) {
    const message = `an image of ${height}x${width} is expected, ${h}x${w} found`;
    throw new VitrineError("convit", `${message}; resize it, or make the model with that imgSize`);
  }
  const patches = tap(scope(mode, "patch_embed"), patchEmbed(p.patch_embed, images));
  const placed = p.pos_embed ? (tf.add(patches, p.pos_embed) as tf.Tensor3D) : patches;
  return dropout(placed, c.posDropRate, scope(mode, "pos_drop"));
}

/** Tokens after the last norm; of them the first `queries` where that is given. → [B, queries or 1 + N, D]. */
function encode(c: ConViTConfig, p: ConViT, images: tf.Tensor4D, mode: Mode, queries?: number): tf.Tensor3D {
  const rates = dropPathRates(c.dropPathRate, c.depth);
  const relative = relativePositions(patchGrid(c));
  let x = embed(c, p, images, mode);
  p.blocks.forEach((block, i) => {
    const inside = scope(scope(mode, "blocks"), String(i));
    if (i === c.localUpToLayer) x = prependTokens(x, [p.cls_token]);
    if (i < c.localUpToLayer) x = localBlock(c, block as LocalBlock, x, relative, inside, rates[i]!);
    else {
      const options = { dropPath: rates[i]!, queries: i === c.depth - 1 ? queries : undefined };
      x = transformerBlock(blockConfig(c), block as TransformerBlock, x, inside, options);
    }
  });
  return tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon));
}

/** Tokens after the last norm, class token first. images: [B, H, W, C] → [B, 1 + N, D]. */
export function convitFeatures(c: ConViTConfig, p: ConViT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return encode(c, p, images, mode);
}

/** Class scores. tokens: [B, 1 + N, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function convitHead(
  c: ConViTConfig,
  p: ConViT,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  // timm leaves the tokens as they are for ""; the head then gives scores for each: [B, 1 + N, classes].
  const pooled = c.globalPool === "" ? (tokens as tf.Tensor2D) : poolTokens(tokens as tf.Tensor3D, c.globalPool, 1);
  const read = dropout(pooled, c.dropRate, scope(mode, "head_drop"));
  return options.preLogits || p.head === undefined ? read : linear(p.head, read);
}

/** Class scores from images, with only the class token sent through the rest of the last block where only it is read. */
export function convitLogits(c: ConViTConfig, p: ConViT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  const tokens = c.globalPool === "token" ? encode(c, p, images, mode, 1) : convitFeatures(c, p, images, mode);
  return convitHead(c, p, tokens, mode);
}

/** A checkpoint for other channels or another image size; relative positions come from the size alone. */
export function adaptConViT(c: ConViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  adaptPositions("pos_embed", { prefix: 0 }, { prefix: 0, grid: patchGrid(c) }, state, notes);
  return state;
}
