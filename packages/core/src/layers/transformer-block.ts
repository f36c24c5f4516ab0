// The block of a plain vision transformer: attention, then a perceptron, each on normalised input, each added to what came
// in. https://arxiv.org/abs/2010.11929, with the layer scale of https://arxiv.org/abs/2103.17239 where it is asked for.

import { type Mode, scope, tap } from "../mode.ts";
import { dropPath } from "../ops/drop.ts";
import type { Spec } from "../params.ts";
import { tf } from "../tf.ts";
import type { Activation } from "./activation.ts";
import { type Attention, attention, attentionSpec } from "./attention.ts";
import { type LayerScale, layerScale, layerScaleSpec } from "./layer-scale.ts";
import { type Mlp, mlp, mlpSpec } from "./mlp.ts";
import { type LayerNorm, layerNorm, layerNormSpec } from "./norm.ts";
import { type AttentionChoice, checkAttention } from "./token-mixing.ts";

export interface TransformerBlock {
  norm1: LayerNorm;
  attn: Attention;
  ls1?: LayerScale;
  norm2: LayerNorm;
  mlp: Mlp;
  ls2?: LayerScale;
}

/** The part of a family's configuration that a block reads; timm's names in camel case. */
export interface TransformerBlockConfig {
  embedDim: number;
  numHeads: number;
  /** Width of the perceptron's hidden layer over `embedDim`. */
  mlpRatio: number;
  /** How tokens attend to each other; softmax over all pairs when left out. The parameters are the same for all kinds. */
  attention?: AttentionChoice;
  qkvBias: boolean;
  /** Layer norm of queries and keys, a head at a time. */
  qkNorm: boolean;
  projBias: boolean;
  /** First value of the layer scale; null for a block without one. */
  initValues: number | null;
  actLayer: Activation;
  normEps: number;
  /** Dropout behind each linear layer of the block but the one of queries, keys and values. */
  projDropRate: number;
  /** Dropout of attention weights. */
  attnDropRate: number;
}

export interface TransformerBlockOptions {
  /** Chance that a branch is skipped for a sample in training. */
  dropPath?: number;
  /** How many of the first tokens are wanted; the others are only attended to. All of them when left out. */
  queries?: number | undefined;
}

export function transformerBlockSpec(c: TransformerBlockConfig): Spec<TransformerBlock> {
  const { embedDim: dim, qkvBias, qkNorm, projBias, initValues } = c;
  const scaled = initValues !== null;
  checkAttention(c.attention ?? "softmax", c.attnDropRate);
  return {
    norm1: layerNormSpec(dim),
    attn: attentionSpec(dim, c.numHeads, { qkvBias, qkNorm, projBias }),
    ...(scaled ? { ls1: layerScaleSpec(dim, initValues) } : {}),
    norm2: layerNormSpec(dim),
    mlp: mlpSpec(dim, Math.trunc(dim * c.mlpRatio)),
    ...(scaled ? { ls2: layerScaleSpec(dim, initValues) } : {}),
  } as Spec<TransformerBlock>;
}

/** x: [B, N, D] → [B, queries, D]. */
export function transformerBlock(
  c: TransformerBlockConfig,
  p: TransformerBlock,
  x: tf.Tensor3D,
  mode: Mode,
  options: TransformerBlockOptions = {},
): tf.Tensor3D {
  const { dropPath: rate = 0, queries = x.shape[1] } = options;
  const { numHeads: heads, normEps: epsilon, attnDropRate: attnDrop, projDropRate: projDrop } = c;
  const kind = c.attention ?? "softmax";
  const inside = (name: string) => scope(mode, name);

  const asked = tap(inside("norm1"), layerNorm(p.norm1, x, epsilon));
  const mixed = attention(p.attn, asked, inside("attn"), { heads, epsilon, attnDrop, projDrop, queries, kind });
  const attended = layerScale(p.ls1, tap(inside("attn"), mixed));
  const kept = queries === x.shape[1] ? x : tf.slice(x, [0, 0, 0], [-1, queries, -1]);
  const middle = tf.add(kept, dropPath(attended, rate, mode, "drop_path1")) as tf.Tensor3D; //          [B, queries, D]

  const read = tap(inside("norm2"), layerNorm(p.norm2, middle, epsilon));
  const thought = mlp(p.mlp, read, inside("mlp"), { activation: c.actLayer, drop: projDrop });
  const scaled = layerScale(p.ls2, tap(inside("mlp"), thought));
  return tap(mode, tf.add(middle, dropPath(scaled, rate, mode, "drop_path2")) as tf.Tensor3D);
}

/** The chance of each block to be skipped: from 0 for the first to `rate` for the last, in even steps. */
export function dropPathRates(rate: number, depth: number): number[] {
  return Array.from({ length: depth }, (_, i) => (depth === 1 ? 0 : (rate * i) / (depth - 1)));
}
