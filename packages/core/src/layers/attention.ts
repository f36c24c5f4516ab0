// Multi-head self-attention. https://arxiv.org/abs/1706.03762, with the query-key norm of https://arxiv.org/abs/2302.05442

import { VitrineError } from "../errors.ts";
import { type Mode, scope } from "../mode.ts";
import { dropout } from "../ops/drop.ts";
import type { Spec } from "../params.ts";
import { tf } from "../tf.ts";
import { type Linear, linear, linearSpec } from "./linear.ts";
import { type LayerNorm, layerNorm, layerNormSpec } from "./norm.ts";
import { type AttentionChoice, mixTokens } from "./token-mixing.ts";

export interface Attention {
  qkv: Linear;
  q_norm?: LayerNorm;
  k_norm?: LayerNorm;
  proj: Linear;
}

export interface AttentionSpecOptions {
  qkvBias?: boolean;
  projBias?: boolean;
  qkNorm?: boolean;
  /** Width of a head, where it is not `dim / heads`. */
  headDim?: number;
}

export interface AttentionOptions {
  heads: number;
  epsilon?: number;
  attnDrop?: number;
  projDrop?: number;
  /** How many of the first tokens ask; all of them when left out. The others are only asked. */
  queries?: number;
  /** How tokens attend to each other; softmax over all pairs when left out. */
  kind?: AttentionChoice;
}

/** @throws VitrineError where `heads` does not divide `dim` and no `headDim` is given. */
export function attentionSpec(dim: number, heads: number, options: AttentionSpecOptions = {}): Spec<Attention> {
  const { headDim = dim / heads } = options;
  if (!Number.isInteger(headDim)) throw new VitrineError("attention", `dim ${dim} is not divisible by heads ${heads}`);
  const norm = options.qkNorm ? { q_norm: layerNormSpec(headDim), k_norm: layerNormSpec(headDim) } : {};
  return {
    qkv: linearSpec(dim, 3 * heads * headDim, { bias: options.qkvBias ?? true }),
    ...norm,
    proj: linearSpec(heads * headDim, dim, { bias: options.projBias ?? true }),
  } as Spec<Attention>;
}

/** Softmax(q kᵀ / √d) v over all tokens, or what `kind` has in its place, for the first `queries`. x: [B, N, D] → [B, queries, D]. */
export function attention(p: Attention, x: tf.Tensor3D, mode: Mode, options: AttentionOptions): tf.Tensor3D {
  const [batch, tokens] = x.shape;
  const { heads, epsilon = 1e-6, attnDrop = 0, projDrop = 0, queries = tokens, kind = "softmax" } = options;

  const [q, k, v] = queries === tokens ? projectAll(p.qkv, x, heads) : projectFew(p.qkv, x, heads, queries);
  const query = p.q_norm ? layerNorm(p.q_norm, q, epsilon) : q; //                                    [B, h, n, d]
  const key = p.k_norm ? layerNorm(p.k_norm, k, epsilon) : k; //                                      [B, h, N, d]
  const mixed = mixTokens(query, key, v, mode, kind, attnDrop); //                                    [B, h, n, d]
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, p.proj.weight.shape[0]]);
  return dropout(linear(p.proj, joined as tf.Tensor3D), projDrop, scope(mode, "proj_drop"));
}

type Heads = [q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D];

/** Queries, keys and values of every token from one product, each [B, heads, N, d]. */
function projectAll(qkv: Linear, x: tf.Tensor3D, heads: number): Heads {
  const [batch, tokens] = x.shape;
  const packed = tf.reshape(linear(qkv, x), [batch, tokens, 3, heads, qkv.weight.shape[1] / (3 * heads)]);
  return tf.unstack(tf.transpose(packed, [2, 0, 3, 1, 4]), 0) as Heads;
}

/** Queries of the first tokens only; keys and values of all. */
function projectFew(qkv: Linear, x: tf.Tensor3D, heads: number, queries: number): Heads {
  const [batch, tokens] = x.shape;
  const dim = qkv.weight.shape[1] / 3; // of all heads together
  const size = dim / heads;
  const asking = linear(columns(qkv, 0, dim), tf.slice(x, [0, 0, 0], [-1, queries, -1]));
  const asked = tf.reshape(linear(columns(qkv, dim, 2 * dim), x), [batch, tokens, 2, heads, size]);
  const [k, v] = tf.unstack(tf.transpose(asked, [2, 0, 3, 1, 4]), 0) as [tf.Tensor4D, tf.Tensor4D];
  return [tf.transpose(tf.reshape(asking, [batch, queries, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D, k, v];
}

/** The part of a layer that gives outputs `begin` to `begin + size`. */
function columns(p: Linear, begin: number, size: number): Linear {
  const weight = tf.slice(p.weight, [0, begin], [-1, size]);
  return p.bias === undefined ? { weight } : { weight, bias: tf.slice(p.bias, [begin], [size]) };
}
