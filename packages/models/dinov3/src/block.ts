// The block of DINOv3: attention with rotary positions, then a perceptron that may be gated, each behind a layer norm and
// scaled by channel before it is added.

import {
  constant,
  dropout,
  dropPath,
  type Mode,
  param,
  type Spec,
  scope,
  tap,
  tf,
  truncNormal,
  VitrineError,
} from "@vitrine/core";
import {
  activations,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type RotaryTable,
  rotate,
} from "@vitrine/core/layers";

export const epsilon = 1e-5;

export interface RotaryAttention {
  qkv: { weight: tf.Tensor2D };
  /** Keys have no bias: it would move all scores of a query alike. */
  q_bias?: tf.Tensor1D;
  v_bias?: tf.Tensor1D;
  q_norm?: LayerNorm;
  k_norm?: LayerNorm;
  proj: Linear;
}

/** `fc2(silu(gate) * x)`; gate and x come from one layer, or from two where the width is made a multiple of something. */
export interface GatedMlp {
  fc1?: Linear;
  fc1_g?: Linear;
  fc1_x?: Linear;
  fc2: Linear;
}

export interface Block {
  norm1: LayerNorm;
  attn: RotaryAttention;
  gamma_1?: tf.Tensor1D;
  norm2: LayerNorm;
  mlp: GatedMlp;
  gamma_2?: tf.Tensor1D;
}

/** The part of the configuration that a block reads. */
export interface BlockConfig {
  embedDim: number;
  numHeads: number;
  mlpRatio: number;
  /** Biases of queries and values. */
  qkvBias: boolean;
  /** Layer norm of queries and keys, a head at a time. */
  qkNorm: boolean;
  /** Gated perceptrons. */
  swigluMlp: boolean;
  /** Their hidden width is rounded up to a multiple of this, and gate and value have layers of their own; 0 for neither. */
  swigluAlignTo: number;
  /** First value of the scale of each branch; null for branches without one. */
  initValues: number | null;
  /** Dropout behind each linear layer of the block but the one of queries, keys and values. */
  projDropRate: number;
  /** Dropout of attention weights. */
  attnDropRate: number;
}

/** Block `index` from 0: the later, the smaller do its branches start. */
export function blockSpec(c: BlockConfig, index: number): Spec<Block> {
  const { embedDim: dim, initValues } = c;
  if (dim % (4 * c.numHeads) !== 0) {
    const message = `embedDim ${dim} must be numHeads ${c.numHeads} times a multiple of 4, for rotary positions`;
    throw new VitrineError("dinov3", message, { usage: true });
  }
  const init = truncNormal(0.02 / Math.sqrt(2 * (index + 1)));
  const scale = () => (initValues === null ? undefined : param([dim], constant(initValues)));
  const headNorm = () => (c.qkNorm ? layerNormSpec(dim / c.numHeads) : undefined);
  const bias = () => (c.qkvBias ? param([dim]) : undefined);
  return {
    norm1: layerNormSpec(dim),
    attn: {
      qkv: linearSpec(dim, 3 * dim, { bias: false }),
      q_bias: bias(),
      v_bias: bias(),
      q_norm: headNorm(),
      k_norm: headNorm(),
      proj: linearSpec(dim, dim, { init }),
    },
    gamma_1: scale(),
    norm2: layerNormSpec(dim),
    mlp: mlpSpec(c, init),
    gamma_2: scale(),
  } as Spec<Block>;
}

function mlpSpec(c: BlockConfig, init: ReturnType<typeof truncNormal>): Spec<GatedMlp> {
  const hidden = Math.trunc(c.embedDim * c.mlpRatio);
  const wide = (width: number) => linearSpec(c.embedDim, width);
  const narrow = (width: number) => linearSpec(width, c.embedDim, { init });
  if (!c.swigluMlp) return { fc1: wide(hidden), fc2: narrow(hidden) } as Spec<GatedMlp>;
  if (c.swigluAlignTo === 0) return { fc1: wide(2 * hidden), fc2: narrow(hidden) } as Spec<GatedMlp>;
  const aligned = Math.ceil(hidden / c.swigluAlignTo) * c.swigluAlignTo;
  return { fc1_g: wide(aligned), fc1_x: wide(aligned), fc2: narrow(aligned) } as Spec<GatedMlp>;
}

export interface BlockOptions {
  /** Chance that a branch is skipped for a sample in training. */
  dropPath: number;
  /** How many of the first tokens are wanted; the others are only attended to. All of them when left out. */
  queries?: number | undefined;
}

/** x: [B, N, D] → [B, queries, D]. */
export function block(
  c: BlockConfig,
  p: Block,
  x: tf.Tensor3D,
  rotary: RotaryTable,
  mode: Mode,
  { dropPath: rate, queries = x.shape[1] }: BlockOptions,
): tf.Tensor3D {
  const inside = (name: string) => scope(mode, name);
  const mixed = attention(c, p.attn, layerNorm(p.norm1, x, epsilon), rotary, inside("attn"), queries);
  const attended = dropPath(scaled(p.gamma_1, tap(inside("attn"), mixed)), rate, mode, "drop_path1");
  const middle = tf.add(first(x, queries, 1), attended) as tf.Tensor3D; //                              [B, queries, D]
  const thought = mlp(c, p.mlp, layerNorm(p.norm2, middle, epsilon), inside("mlp"));
  const added = dropPath(scaled(p.gamma_2, tap(inside("mlp"), thought)), rate, mode, "drop_path2");
  return tap(mode, tf.add(middle, added) as tf.Tensor3D);
}

function scaled(gamma: tf.Tensor1D | undefined, x: tf.Tensor3D): tf.Tensor3D {
  return gamma === undefined ? x : tf.mul(x, gamma);
}

/** The first entries along an axis. */
function first<T extends tf.Tensor>(x: T, count: number, axis: number): T {
  if (count === x.shape[axis]) return x;
  const size = x.shape.map((_, i) => (i === axis ? count : -1));
  return tf.slice(x, new Array(x.rank).fill(0), size) as T;
}

/** Softmax(q kᵀ / √d) v with q and k turned by their places. x: [B, N, D] → [B, queries, D]. */
function attention(
  c: BlockConfig,
  p: RotaryAttention,
  x: tf.Tensor3D,
  rotary: RotaryTable,
  mode: Mode,
  queries: number,
): tf.Tensor3D {
  const [batch, tokens, dim] = x.shape;
  const heads = c.numHeads;
  const size = dim / heads;
  const bias = p.q_bias && p.v_bias ? { bias: tf.concat([p.q_bias, tf.zeros([dim]), p.v_bias]) as tf.Tensor1D } : {};
  const packed = tf.reshape(linear({ ...p.qkv, ...bias }, x), [batch, tokens, 3, heads, size]);
  const [q, k, v] = tf.unstack(tf.transpose(packed, [2, 0, 3, 1, 4]), 0) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const turn = (norm: LayerNorm | undefined, y: tf.Tensor4D) => rotate(norm ? layerNorm(norm, y, epsilon) : y, rotary);

  const asking = tf.mul(first(turn(p.q_norm, q), queries, 2), size ** -0.5); //                         [B, h, n, d]
  const weights = tf.softmax(tf.matMul(asking, turn(p.k_norm, k), false, true)) as tf.Tensor4D; //      [B, h, n, N]
  const kept = dropout(tap(mode, weights, "weights"), c.attnDropRate, scope(mode, "attn_drop"));
  const joined = tf.reshape(tf.transpose(tf.matMul(kept, v), [0, 2, 1, 3]), [batch, queries, dim]) as tf.Tensor3D;
  return dropout(linear(p.proj, joined), c.projDropRate, scope(mode, "proj_drop"));
}

/** x: [B, N, D] → [B, N, D]. */
function mlp(c: BlockConfig, p: GatedMlp, x: tf.Tensor3D, mode: Mode): tf.Tensor3D {
  const hidden = dropout(bent(c, p, x), c.projDropRate, scope(mode, "drop1"));
  return dropout(linear(p.fc2, hidden), c.projDropRate, scope(mode, "drop2"));
}

function bent(c: BlockConfig, p: GatedMlp, x: tf.Tensor3D): tf.Tensor3D {
  if (!c.swigluMlp) return activations.gelu(linear(p.fc1!, x));
  const [gate, value] = p.fc1 ? tf.split(linear(p.fc1, x), 2, -1) : [linear(p.fc1_g!, x), linear(p.fc1_x!, x)];
  return tf.mul(activations.silu(gate!), value!);
}
