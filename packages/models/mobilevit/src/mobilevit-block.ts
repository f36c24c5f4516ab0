// The MobileViT block, Mehta and Rastegari 2021, https://arxiv.org/abs/2110.02178: a convolution looks near, a transformer
// over patches looks far, and both are joined with what came in.

import { type Mode, resizeBilinear, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  type Conv,
  type ConvNorm,
  conv,
  convNorm,
  convNormSpec,
  convSpec,
  type LayerNorm,
  layerNorm,
  layerNormSpec,
  type TransformerBlock,
  type TransformerBlockConfig,
  transformerBlock,
  transformerBlockSpec,
} from "@vitrine/core/layers";
import type { MobileViTStage } from "./config.ts";
import { convInit, withLinearInit } from "./init.ts";
import { fold, patchOf, unfold, wholePatches } from "./patches.ts";

export interface MobileViTBlock {
  conv_kxk: ConvNorm;
  conv_1x1: Conv;
  transformer: TransformerBlock[];
  norm: LayerNorm;
  conv_proj: ConvNorm;
  conv_fusion: ConvNorm;
}

/** Heads of attention, whatever the width. */
export const heads = 4;
const normEps = 1e-5;

function transformerOf(dim: number): TransformerBlockConfig {
  const plain = { qkvBias: true, qkNorm: false, projBias: true, initValues: null, projDropRate: 0, attnDropRate: 0 };
  return { ...plain, embedDim: dim, numHeads: heads, mlpRatio: 2, actLayer: "silu", normEps };
}

export function mobileViTBlockSpec(channels: number, stage: MobileViTStage): Spec<MobileViTBlock> {
  const { transformerDim: dim, transformerDepth: depth } = stage;
  return {
    conv_kxk: convNormSpec(3, channels, channels, { init: convInit(3, channels) }),
    conv_1x1: convSpec(1, channels, dim, { bias: false, init: convInit(1, dim) }),
    transformer: Array.from({ length: depth }, () => withLinearInit(transformerBlockSpec(transformerOf(dim)))),
    norm: layerNormSpec(dim),
    conv_proj: convNormSpec(1, dim, channels, { init: convInit(1, channels) }),
    conv_fusion: convNormSpec(3, 2 * channels, channels, { init: convInit(3, channels) }),
  };
}

/** x: [B, H, W, C] → [B, H, W, C]. */
export function mobileViTBlock(
  p: MobileViTBlock,
  x: tf.Tensor4D,
  mode: Mode,
  { transformerDim: dim, patchSize }: MobileViTStage,
  dropPath: number,
): tf.Tensor4D {
  const inside = (name: string) => scope(mode, name);
  const act = { activation: "silu" } as const;
  const near = conv(p.conv_1x1, convNorm(p.conv_kxk, x, inside("conv_kxk"), act)); //       [B, H, W, D]

  const patch = patchOf(patchSize);
  const whole = wholePatches(near, patch, false); //                                        [B, H', W', D]
  const patches = unfold(whole, patch); //                                                  [B, P, N, D]
  let tokens = tf.reshape(patches, [-1, patches.shape[2], dim]) as tf.Tensor3D; //          [B·P, N, D]
  p.transformer.forEach((block, i) => {
    tokens = transformerBlock(transformerOf(dim), block, tokens, inside(`transformer.${i}`), { dropPath });
  });
  const normed = tap(inside("norm"), layerNorm(p.norm, tokens, normEps));
  const far = fold(tf.reshape(normed, patches.shape), patch, [whole.shape[1], whole.shape[2]]); // [B, H', W', D]
  const resized = resizeBilinear(far, [x.shape[1], x.shape[2]]); //                         [B, H, W, D]

  const back = convNorm(p.conv_proj, resized, inside("conv_proj"), act); //                 [B, H, W, C]
  return tap(mode, convNorm(p.conv_fusion, tf.concat([x, back], 3), inside("conv_fusion"), act));
}
