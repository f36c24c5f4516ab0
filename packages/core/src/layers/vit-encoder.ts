// The encoder of a plain vision transformer, as ViT and its descendants share it: patches, tokens before them, positions,
// blocks, norm. https://arxiv.org/abs/2010.11929, registers of https://arxiv.org/abs/2309.16588

import { VitrineError } from "../errors.ts";
import { normal, truncNormal } from "../init.ts";
import { type Mode, scope, tap } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import { param, type Spec } from "../params.ts";
import type { tf } from "../tf.ts";
import { type LayerNorm, layerNorm, layerNormSpec } from "./norm.ts";
import { type PatchEmbed, patchEmbed, patchEmbedSpec } from "./patch-embed.ts";
import { type Grid, prependTokens, resamplePositions } from "./position.ts";
import type { AttentionChoice } from "./token-mixing.ts";
import {
  dropPathRates,
  type TransformerBlock,
  type TransformerBlockConfig,
  transformerBlock,
  transformerBlockSpec,
} from "./transformer-block.ts";

export interface VitEncoder {
  cls_token?: tf.Tensor3D;
  dist_token?: tf.Tensor3D;
  reg_token?: tf.Tensor3D;
  pos_embed: tf.Tensor3D;
  patch_embed: PatchEmbed;
  norm_pre?: LayerNorm;
  blocks: TransformerBlock[];
  norm?: LayerNorm;
}

/** The part of a family's configuration that the encoder reads; timm's names in camel case. */
export interface VitEncoderConfig extends TransformerBlockConfig {
  imgSize: number | readonly [number, number];
  inChans: number;
  patchSize: number;
  depth: number;
  attention: AttentionChoice;
  classToken: boolean;
  /** Number of register tokens, which stand between the class token and the patches. */
  regTokens: number;
  /** Positions for the patches alone, not for the tokens before them. */
  noEmbedClass: boolean;
  /** Layer norm ahead of the blocks, and patches without a bias, as in CLIP. */
  preNorm: boolean;
  /** Take images of other sizes; the position table is resampled on the way. */
  dynamicImgSize: boolean;
  posDropRate: number;
  /** Chance that the last block is skipped for a sample in training; earlier blocks less, the first never. */
  dropPathRate: number;
}

/** timm's defaults of what all plain vision transformers are asked: ViT-Base with patches of 16. */
export const vitEncoderDefaults: VitEncoderConfig = {
  imgSize: 224,
  inChans: 3,
  patchSize: 16,
  embedDim: 768,
  depth: 12,
  numHeads: 12,
  mlpRatio: 4,
  attention: "softmax",
  qkvBias: true,
  qkNorm: false,
  projBias: true,
  initValues: null,
  classToken: true,
  noEmbedClass: false,
  regTokens: 0,
  preNorm: false,
  dynamicImgSize: false,
  posDropRate: 0,
  projDropRate: 0,
  attnDropRate: 0,
  dropPathRate: 0,
  actLayer: "gelu",
  normEps: 1e-6,
};

export interface VitEncoderSpecOptions {
  /** A token beside the class token that learns from a teacher. */
  distToken?: boolean;
  /** Whether the tokens are normalised at the end. */
  norm?: boolean;
}

/** Rows and columns of patches. @throws VitrineError where the patches do not tile the image. */
export function patchGrid(c: Pick<VitEncoderConfig, "imgSize" | "patchSize">): Grid {
  const { patchSize: patch } = c;
  const [height, width] = typeof c.imgSize === "number" ? [c.imgSize, c.imgSize] : c.imgSize;
  if (height % patch === 0 && width % patch === 0) return [height / patch, width / patch];
  const near = [height, width].map((side) => Math.max(1, Math.round(side / patch)) * patch).join("x");
  const message = `imgSize ${height}x${width} is not a multiple of patchSize ${patch}; the nearest size is ${near}`;
  throw new VitrineError("vit", message, { usage: true });
}

/** Number of entries that the position table has before those of the patches. */
export function embeddedPrefix(c: VitEncoderConfig, distToken = false): number {
  return c.noEmbedClass ? 0 : Number(c.classToken) + Number(distToken) + c.regTokens;
}

export function vitEncoderSpec(c: VitEncoderConfig, options: VitEncoderSpecOptions = {}): Spec<VitEncoder> {
  const { distToken = false, norm = true } = options;
  const [rows, columns] = patchGrid(c);
  const dim = c.embedDim;
  const token = (count: number, std: number) => param([1, count, dim], normal(std), { decay: false });
  return {
    ...(c.classToken ? { cls_token: token(1, 1e-6) } : {}),
    ...(c.regTokens > 0 ? { reg_token: token(c.regTokens, 1e-6) } : {}),
    pos_embed: param([1, embeddedPrefix(c, distToken) + rows * columns, dim], truncNormal(0.02), { decay: false }),
    ...(distToken ? { dist_token: token(1, 0.02) } : {}),
    patch_embed: patchEmbedSpec(c.patchSize, c.inChans, dim, !c.preNorm),
    ...(c.preNorm ? { norm_pre: layerNormSpec(dim) } : {}),
    blocks: Array.from({ length: c.depth }, () => transformerBlockSpec(c)),
    ...(norm ? { norm: layerNormSpec(dim) } : {}),
  } as Spec<VitEncoder>;
}

/**
 * Tokens after the last norm, class token first. With `queries`, only so many of the first tokens, for which the rest of
 * the last block's work is left out. images: [B, H, W, C] → [B, queries or all, D].
 */
export function vitEncoder(
  c: VitEncoderConfig,
  p: VitEncoder,
  images: tf.Tensor4D,
  mode: Mode,
  options: { queries?: number } = {},
): tf.Tensor3D {
  const rates = dropPathRates(c.dropPathRate, c.depth);
  let x = embed(c, p, images, mode);
  p.blocks.forEach((block, i) => {
    const queries = i === c.depth - 1 ? options.queries : undefined;
    x = transformerBlock(c, block, x, scope(scope(mode, "blocks"), String(i)), { dropPath: rates[i]!, queries });
  });
  return p.norm ? tap(scope(mode, "norm"), layerNorm(p.norm, x, c.normEps)) : x;
}

/** Everything ahead of the blocks. */
function embed(c: VitEncoderConfig, p: VitEncoder, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  const trained = patchGrid(c);
  const [, height, width] = images.shape;
  const grid = [height / c.patchSize, width / c.patchSize] as const;
  if (!c.dynamicImgSize && (grid[0] !== trained[0] || grid[1] !== trained[1])) {
    const [rows, columns] = trained;
    const expected = `${rows * c.patchSize}x${columns * c.patchSize}`;
    const next = "resize it, or make the model with that imgSize or with dynamicImgSize";
    throw new VitrineError("vit", `an image of ${expected} is expected, ${height}x${width} found; ${next}`);
  }
  const patches = tap(scope(mode, "patch_embed"), patchEmbed(p.patch_embed, images)); //                [B, N, D]
  const prefix = embeddedPrefix(c, p.dist_token !== undefined);
  const positions = resamplePositions(p.pos_embed, prefix, trained, grid);
  const tokens = [p.cls_token, p.dist_token, p.reg_token].filter((token) => token !== undefined);
  const x = dropout(prependTokens(patches, tokens, positions), c.posDropRate, scope(mode, "pos_drop"));
  return p.norm_pre ? tap(scope(mode, "norm_pre"), layerNorm(p.norm_pre, x, c.normEps)) : x;
}

/** timm's depth of a parameter: 0 for what lies ahead of the blocks, i + 1 for block i, the last norm with the last block. */
export function vitDepth(c: Pick<VitEncoderConfig, "depth">, path: string): number {
  const block = /^blocks\.(\d+)\./.exec(path);
  if (block) return Number(block[1]) + 1;
  if (/^(cls_token|dist_token|reg_token|pos_embed|patch_embed\.|norm_pre\.)/.test(path)) return 0;
  return path.startsWith("norm.") ? c.depth : c.depth + 1;
}
