// The MobileViTv2 block, Mehta and Rastegari 2022, https://arxiv.org/abs/2206.02680: attention over patches in linear time.
// Each token has one score; the mean of all keys, weighted by it, is what every token hears.

import { dropPath, type Mode, type Spec, scope, tap, tf, zeros } from "@vitrine/core";
import {
  activations,
  type Conv,
  type ConvNorm,
  conv,
  convNorm,
  convNormSpec,
  convSpec,
  type GroupNorm,
  groupNorm,
  groupNormSpec,
  linear,
  makeDivisible,
} from "@vitrine/core/layers";
import type { MobileViTv2Stage } from "./config.ts";
import { convInit } from "./init.ts";
import { fold, patchOf, unfold, wholePatches } from "./patches.ts";

export interface SeparableAttention {
  /** One score a token, then its key, then its value: 1 + D + D outputs. */
  qkv_proj: Conv;
  out_proj: Conv;
}

export interface LinearTransformerBlock {
  norm1: GroupNorm;
  attn: SeparableAttention;
  norm2: GroupNorm;
  mlp: { fc1: Conv; fc2: Conv };
}

export interface MobileViTv2Block {
  conv_kxk: ConvNorm;
  conv_1x1: Conv;
  transformer: LinearTransformerBlock[];
  norm: GroupNorm;
  conv_proj: ConvNorm;
}

const normEps = 1e-5;
const mlpRatio = 2;

export function mobileViTv2BlockSpec(channels: number, stage: MobileViTv2Stage): Spec<MobileViTv2Block> {
  const dim = makeDivisible(stage.transformerBr * channels);
  return {
    conv_kxk: convNormSpec(3, channels, channels, { init: convInit(3, 1), groups: channels }),
    conv_1x1: convSpec(1, channels, dim, { bias: false, init: convInit(1, dim) }),
    transformer: Array.from({ length: stage.transformerDepth }, () => linearTransformerBlockSpec(dim)),
    norm: groupNormSpec(dim),
    conv_proj: convNormSpec(1, dim, channels, { init: convInit(1, channels) }),
  };
}

function linearTransformerBlockSpec(dim: number): Spec<LinearTransformerBlock> {
  return {
    norm1: groupNormSpec(dim),
    attn: { qkv_proj: tokenLayerSpec(dim, 1 + 2 * dim), out_proj: tokenLayerSpec(dim, dim) },
    norm2: groupNormSpec(dim),
    mlp: { fc1: tokenLayerSpec(dim, mlpRatio * dim), fc2: tokenLayerSpec(mlpRatio * dim, dim) },
  };
}

/** x: [B, H, W, C] → [B, H', W', C], with H' and W' the next whole numbers of patches. */
export function mobileViTv2Block(
  p: MobileViTv2Block,
  x: tf.Tensor4D,
  mode: Mode,
  { patchSize }: MobileViTv2Stage,
  dropPath: number,
): tf.Tensor4D {
  const inside = (name: string) => scope(mode, name);
  const patch = patchOf(patchSize);
  const whole = wholePatches(x, patch, true); //                                            [B, H', W', C]
  const near = convNorm(p.conv_kxk, whole, inside("conv_kxk"), { activation: "silu" });
  let tokens = unfold(conv(p.conv_1x1, near), patch); //                                    [B, P, N, D]
  p.transformer.forEach((block, i) => {
    tokens = linearTransformerBlock(block, tokens, inside(`transformer.${i}`), dropPath);
  });
  const normed = groupNorm(p.norm, tokens, 1, normEps);
  const far = fold(normed, patch, [whole.shape[1], whole.shape[2]]); //                     [B, H', W', D]
  return tap(mode, convNorm(p.conv_proj, far, inside("conv_proj")));
}

/** x: [B, P, N, D] → [B, P, N, D]. */
function linearTransformerBlock(p: LinearTransformerBlock, x: tf.Tensor4D, mode: Mode, rate: number): tf.Tensor4D {
  const attended = tap(scope(mode, "attn"), separableAttention(p.attn, groupNorm(p.norm1, x, 1, normEps)));
  const middle = tf.add(x, dropPath(attended, rate, mode, "drop_path1"));
  const hidden = activations.silu(tokenLayer(p.mlp.fc1, groupNorm(p.norm2, middle, 1, normEps)));
  const thought = tap(scope(mode, "mlp"), tokenLayer(p.mlp.fc2, hidden));
  return tap(mode, tf.add(middle, dropPath(thought, rate, mode, "drop_path2")));
}

/** Attention among the N pixels at the same place of all patches. x: [B, P, N, D] → [B, P, N, D]. */
function separableAttention(p: SeparableAttention, x: tf.Tensor4D): tf.Tensor4D {
  const dim = x.shape[3];
  // Parts of the weight, not of the result: slices of a small tensor, and their gradients, cost little.
  const score = tokenLayer(outputs(p.qkv_proj, 0, 1), x); //                                [B, P, N, 1]
  const key = tokenLayer(outputs(p.qkv_proj, 1, dim), x); //                                [B, P, N, D]
  const value = tokenLayer(outputs(p.qkv_proj, 1 + dim, dim), x); //                        [B, P, N, D]
  const weights = tf.softmax(tf.reshape(score, [-1, x.shape[1], 1, x.shape[2]])); //        [B, P, 1, N]
  const heard = tf.matMul(weights, key); //                                                 [B, P, 1, D]
  return tokenLayer(p.out_proj, tf.mul(tf.relu(value), heard));
}

/** A convolution of one pixel: with tokens in rows a linear layer, whose weight a file keeps as a convolution's. */
function tokenLayerSpec(from: number, to: number): Spec<Conv> {
  return convSpec(1, from, to, { init: convInit(1, to), biasInit: zeros });
}

/** x: [..., I] → [..., O]. */
function tokenLayer<T extends tf.Tensor>(p: Conv, x: T): T {
  const weight = tf.reshape(p.weight, [p.weight.shape[2], p.weight.shape[3]]) as tf.Tensor2D;
  return linear(p.bias === undefined ? { weight } : { weight, bias: p.bias }, x);
}

/** The part of a layer that gives outputs `begin` to `begin + size`. */
function outputs(p: Conv, begin: number, size: number): Conv {
  const weight = tf.slice(p.weight, [0, 0, 0, begin], [-1, -1, -1, size]);
  return p.bias === undefined ? { weight } : { weight, bias: tf.slice(p.bias, [begin], [size]) };
}
