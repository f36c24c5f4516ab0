// Vision transformers whose attention costs in proportion to the number of tokens, not to its square: Performer
// (https://arxiv.org/abs/2009.14794), BigBird (https://arxiv.org/abs/2007.14062) and linear attention
// (https://arxiv.org/abs/2006.16236) in the plain encoder of https://arxiv.org/abs/2010.11929
//
// Parameters are those of timm's ViT of the same size, so its checkpoints load: a start for fine-tuning, not a model that
// already works, for what tokens take from each other is another thing.

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
  type tf,
  VitrineError,
} from "@vitrine/core";
import {
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

/** timm's arguments of `VisionTransformer` as far as they matter here, in camel case, and `attention`. */
export interface LinearCostViTConfig extends BaseConfig, VitEncoderConfig {
  /** What the head reads: the class token, or the mean of the patches (behind which the last norm then is). */
  globalPool: "token" | "avg";
  /** Dropout ahead of the head. */
  dropRate: number;
}

export const defaults: LinearCostViTConfig = {
  ...vitEncoderDefaults,
  attention: "performer",
  numClasses: 1000,
  globalPool: "token",
  dropRate: 0,
};

export interface LinearCostViT extends VitEncoder {
  fc_norm?: LayerNorm;
  head?: Linear;
}

export function linearCostViTSpec(c: LinearCostViTConfig): Spec<LinearCostViT> {
  if (c.globalPool === "token" && !c.classToken)
    throw new VitrineError("efficient-attention", 'globalPool "token" needs classToken; else take "avg"', {
      usage: true,
    });
  const pooled = c.globalPool === "avg";
  return {
    ...vitEncoderSpec(c, { norm: !pooled }),
    ...(pooled ? { fc_norm: layerNormSpec(c.embedDim) } : {}),
    ...(c.numClasses > 0 ? { head: linearSpec(c.embedDim, c.numClasses) } : {}),
  } as Spec<LinearCostViT>;
}

/** Tokens after the last norm, class token first. images: [B, H, W, C] → [B, prefix + N, D]. */
export function linearCostViTFeatures(
  c: LinearCostViTConfig,
  p: LinearCostViT,
  images: tf.Tensor4D,
  mode: Mode,
): tf.Tensor3D {
  return vitEncoder(c, p, images, mode);
}

/** Class scores. tokens: [B, prefix + N, D] → [B, classes], or [B, D] with `preLogits`. */
export function linearCostViTHead(
  c: LinearCostViTConfig,
  p: LinearCostViT,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = poolTokens(tokens as tf.Tensor3D, c.globalPool, Number(c.classToken) + c.regTokens);
  const normed = p.fc_norm ? tap(scope(mode, "fc_norm"), layerNorm(p.fc_norm, pooled, c.normEps)) : pooled;
  const read = dropout(normed, c.dropRate, scope(mode, "head_drop"));
  return options.preLogits || p.head === undefined ? read : linear(p.head, read);
}

/** Class scores from images, with only the class token sent through the rest of the last block where only it is read. */
export function linearCostViTLogits(
  c: LinearCostViTConfig,
  p: LinearCostViT,
  images: tf.Tensor4D,
  mode: Mode,
): tf.Tensor2D {
  const tokens = vitEncoder(c, p, images, mode, c.globalPool === "token" ? { queries: 1 } : {});
  return linearCostViTHead(c, p, tokens, mode);
}

/** A checkpoint for other channels or another image size. */
export function adaptLinearCostViT(c: LinearCostViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  const prefix = embeddedPrefix(c);
  adaptPositions("pos_embed", { prefix }, { prefix, grid: patchGrid(c) }, state, notes);
  return state;
}
