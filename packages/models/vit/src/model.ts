// Vision Transformer, Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929
//
// Parameters carry timm's names, so a timm checkpoint loads as it is. What differs between timm's plain ViTs is an option:
// registers, layer scale, query-key norm, pooling, norm ahead of the blocks. Rotary positions, gated perceptrons and
// parallel branches make other families.

import {
  adaptInputConv,
  adaptPositions,
  type BaseConfig,
  dropout,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  type AttentionPool,
  attentionPool,
  attentionPoolSpec,
  embeddedPrefix,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  patchGrid,
  poolTokens,
  type VitEncoder,
  type VitEncoderConfig,
  vitEncoder,
  vitEncoderDefaults,
  vitEncoderSpec,
} from "@vitrine/core/layers";

/** timm's arguments of `VisionTransformer`, in camel case. */
export interface ViTConfig extends BaseConfig, VitEncoderConfig {
  /** What the head reads: the class token; the mean, maximum or both of the patches; a learned query; every token (""). */
  globalPool: "token" | "avg" | "max" | "avgmax" | "map" | "";
  /** Pool over the class token and the registers too. */
  poolIncludePrefix: boolean;
  /** A layer norm at the end; without it the head reads tokens as the last block leaves them. */
  finalNorm: boolean;
  /** That norm behind the pooling, not ahead of it; null for: where patches are pooled ("avg", "max", "avgmax"). */
  fcNorm: boolean | null;
  /** Dropout ahead of the head. */
  dropRate: number;
}

export const defaults: ViTConfig = {
  ...vitEncoderDefaults,
  numClasses: 1000,
  globalPool: "token",
  finalNorm: true,
  fcNorm: null,
  poolIncludePrefix: false,
  dropRate: 0,
};

export interface ViT extends VitEncoder {
  attn_pool?: AttentionPool;
  fc_norm?: LayerNorm;
  head?: Linear;
}

/** Whether the norm at the end is behind the pooling. */
function normsPooled(c: ViTConfig): boolean {
  return c.fcNorm ?? (c.globalPool === "avg" || c.globalPool === "max" || c.globalPool === "avgmax");
}

/** Tokens that the pooling passes over. */
function prefixTokens(c: ViTConfig): number {
  return c.poolIncludePrefix ? 0 : Number(c.classToken) + c.regTokens;
}

export function vitSpec(c: ViTConfig): Spec<ViT> {
  if (c.globalPool === "token" && !c.classToken)
    throw new VitrineError("vit", 'globalPool "token" needs classToken; without it, take "avg" or "map"', {
      usage: true,
    });
  const pooled = normsPooled(c);
  return {
    ...vitEncoderSpec(c, { norm: c.finalNorm && !pooled }),
    ...(c.globalPool === "map" ? { attn_pool: attentionPoolSpec(c.embedDim, c.mlpRatio) } : {}),
    ...(c.finalNorm && pooled ? { fc_norm: layerNormSpec(c.embedDim) } : {}),
    ...(c.numClasses > 0 ? { head: linearSpec(c.embedDim, c.numClasses) } : {}),
  } as Spec<ViT>;
}

/** Tokens after the last norm, class token and registers first. images: [B, H, W, C] → [B, prefix + N, D]. */
export function vitFeatures(c: ViTConfig, p: ViT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return vitEncoder(c, p, images, mode);
}

/** Class scores. tokens: [B, prefix + N, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function vitHead(
  c: ViTConfig,
  p: ViT,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = pool(c, p, tokens as tf.Tensor3D, mode);
  const normed = p.fc_norm ? tap(scope(mode, "fc_norm"), layerNorm(p.fc_norm, pooled, c.normEps)) : pooled;
  const read = dropout(normed, c.dropRate, scope(mode, "head_drop"));
  return options.preLogits || p.head === undefined ? read : linear(p.head, read);
}

function pool(c: ViTConfig, p: ViT, tokens: tf.Tensor3D, mode: Mode): tf.Tensor2D {
  if (p.attn_pool) {
    const asked = prefixTokens(c) === 0 ? tokens : tf.slice(tokens, [0, prefixTokens(c), 0], [-1, -1, -1]);
    const options = { heads: c.numHeads, epsilon: c.normEps, activation: c.actLayer };
    return attentionPool(p.attn_pool, asked, scope(mode, "attn_pool"), options);
  }
  // timm leaves the tokens as they are for ""; the head then gives scores for each: [B, N, classes].
  if (c.globalPool === "" || c.globalPool === "map") return tokens as tf.Tensor as tf.Tensor2D;
  return poolTokens(tokens, c.globalPool, prefixTokens(c));
}

/** Class scores from images, with only the class token sent through the rest of the last block where only it is read. */
export function vitLogits(c: ViTConfig, p: ViT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  const tokens =
    c.globalPool === "token" ? vitEncoder(c, p, images, mode, { queries: 1 }) : vitFeatures(c, p, images, mode);
  return vitHead(c, p, tokens, mode);
}

/** A checkpoint for other channels, another image size, or the norm on the other side of the pooling. */
export function adaptViT(c: ViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  const prefix = embeddedPrefix(c);
  adaptPositions("pos_embed", { prefix }, { prefix, grid: patchGrid(c) }, state, notes);
  if (c.finalNorm) moveNorm(normsPooled(c), state, notes);
  return state;
}

/** A norm behind the pooling starts as the one ahead of it was, and the other way round. */
function moveNorm(pooled: boolean, state: State, notes: string[]): void {
  const [from, to] = pooled ? ["norm", "fc_norm"] : ["fc_norm", "norm"];
  if (state.has(`${to}.weight`) || !state.has(`${from}.weight`)) return;
  for (const part of ["weight", "bias"]) {
    const value = state.get(`${from}.${part}`);
    if (value) state.set(`${to}.${part}`, value);
    state.delete(`${from}.${part}`);
  }
  notes.push(`${to}: starts as the checkpoint's ${from}, for this pooling`);
}
