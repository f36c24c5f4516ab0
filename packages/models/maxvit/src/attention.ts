// Multi-head attention inside each window of a map: windows of neighbours, a grid spread over the map, or one window that is
// the whole map. https://arxiv.org/abs/2204.01697, section 3.2
//
// Queries, keys and values are computed where the map lies; one transposition then brings them into windows and heads at
// once, and one brings the result back.

import { dropout, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import { type Grid, linear } from "@vitrine/core/layers";
import { type MaxViTConfig, refuse } from "./config.ts";
import { transformerInit } from "./init.ts";
import { matrix, type Pointwise, pointwise, pointwiseSpec } from "./pointwise.ts";
import { type RelPos, relPosBias, relPosSpec } from "./rel-pos.ts";

export interface Attention {
  qkv: Pointwise;
  rel_pos?: RelPos;
  proj: Pointwise;
}

export interface AttentionSpecOptions {
  from: number;
  to: number;
  /** Width of queries, keys and values. */
  inner: number;
  window: Grid;
  asConv: boolean;
}

export function attentionSpec(
  c: MaxViTConfig,
  { from, to, inner, window, asConv }: AttentionSpecOptions,
): Spec<Attention> {
  const { transformerDimHead: size, transformerAttnBias: bias } = c;
  if (inner % size !== 0) throw refuse(`transformerDimHead ${size} does not divide an attention of ${inner} channels`);
  const layer = (input: number, output: number) =>
    pointwiseSpec(input, output, { asConv, bias, init: transformerInit(c.weightInit, input) });
  const relPos = relPosSpec(c, window, inner / size);
  return {
    qkv: layer(from, 3 * inner),
    ...(relPos === undefined ? {} : { rel_pos: relPos }),
    proj: layer(inner, to),
  } as Spec<Attention>;
}

export interface AttentionOptions {
  /** `block`: windows of neighbours; `grid`: windows of evenly spread tokens. */
  kind: "block" | "grid";
  window: Grid;
  /** Each head has its queries, keys and values together. */
  headFirst: boolean;
}

/** Softmax(q kᵀ / √d + bias) v in each window. x: [B, H, W, I] → [B, H, W, O]. */
export function attention(
  c: MaxViTConfig,
  p: Attention,
  x: tf.Tensor4D,
  mode: Mode,
  { kind, window, headFirst }: AttentionOptions,
): tf.Tensor4D {
  const size = c.transformerDimHead;
  const heads = p.proj.weight.shape.at(-2)! / size;
  const [, height, width] = x.shape;
  const tokens = window[0] * window[1];
  const cut = cutInto(kind, [height, width], window);

  const packed = toWindows(linear(scaledQueries(p.qkv, size, headFirst), x), cut, 3 * heads); //  [k·3h, ..., d]
  const parts = headFirst ? [cut.ahead, heads, 3] : [cut.ahead, 3, heads];
  const split = tf.reshape(packed, [...parts, packed.size / (cut.ahead * 3 * heads * tokens * size), tokens, size]);
  const [q, k, v] = tf.unstack(split, headFirst ? 2 : 1) as [tf.Tensor5D, tf.Tensor5D, tf.Tensor5D]; // [k, h, n, N, d]

  const scores = tf.matMul(q, k, false, true); //                                                     [k, h, n, N, N]
  const biased = p.rel_pos
    ? tf.add(scores, spread(relPosBias(c, p.rel_pos, window, scope(mode, "rel_pos")), cut.ahead))
    : scores;
  const weights = dropout(tap(mode, tf.softmax(biased), "weights"), c.transformerAttnDrop, scope(mode, "attn_drop"));
  const mixed = fromWindows(tf.matMul(weights, v), cut, heads, x); //                                 [B, H, W, h·d]
  return dropout(pointwise(p.proj, mixed), c.transformerProjDrop, scope(mode, "proj_drop"));
}

/** The layer of queries, keys and values with 1/√d in its weights: they are fewer than the queries. */
function scaledQueries(qkv: Pointwise, size: number, headFirst: boolean): { weight: tf.Tensor2D; bias?: tf.Tensor1D } {
  const channels = qkv.weight.shape.at(-1)!;
  const isQuery = (channel: number) => (headFirst ? channel % (3 * size) < size : channel < channels / 3);
  const factors = tf.tensor1d(Float32Array.from({ length: channels }, (_, i) => (isQuery(i) ? size ** -0.5 : 1)));
  const weight = tf.mul(matrix(qkv), factors) as tf.Tensor2D;
  return qkv.bias === undefined ? { weight } : { weight, bias: tf.mul(qkv.bias, factors) };
}

/** How a map is cut: [B·rows, h, across, w, ahead·channels], whose windows are the dimensions h and w. */
interface Cut {
  rows: number;
  h: number;
  across: number;
  w: number;
  /** Columns of windows that lie among the channels, as seen in memory. */
  ahead: number;
}

function cutInto(kind: "block" | "grid", [height, width]: Grid, [h, w]: Grid): Cut {
  return kind === "block"
    ? { rows: height / h, h, across: width / w, w, ahead: 1 }
    : { rows: 1, h, across: height / h, w, ahead: width / w };
}

/** x: [B, H, W, m·d] → [ahead·m, B·rows, across, h, w, d]. */
function toWindows(x: tf.Tensor4D, { rows, h, across, w, ahead }: Cut, m: number): tf.Tensor<tf.Rank.R6> {
  const [batch, , , channels] = x.shape;
  const cut = tf.reshape(x, [batch * rows, h, across, w, ahead * m, channels / m]) as tf.Tensor<tf.Rank.R6>;
  return tf.transpose(cut, [4, 0, 2, 1, 3, 5]);
}

/** x: [ahead, m, B·rows·across, h·w, d] → [B, H, W, m·d], the map that `like` is of. */
function fromWindows(x: tf.Tensor, { rows, h, across, w, ahead }: Cut, m: number, like: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width] = like.shape;
  const size = x.shape.at(-1)!;
  const windows = tf.reshape(x, [ahead * m, batch * rows, across, h, w, size]) as tf.Tensor<tf.Rank.R6>;
  return tf.reshape(tf.transpose(windows, [1, 3, 2, 4, 0, 5]), [batch, height, width, m * size]);
}

/**
 * A bias for each column of windows, [ahead, heads, 1, N, N]. Repeated here, so that the sum over windows in its gradient is
 * over one dimension: ONNX Runtime has no quick way for two that are not neighbours.
 */
function spread(bias: tf.Tensor3D, ahead: number): tf.Tensor5D {
  const [heads, queries, keys] = bias.shape;
  const one = tf.reshape(bias, [1, heads, 1, queries, keys]) as tf.Tensor5D;
  return ahead === 1 ? one : tf.mul(one, tf.ones([ahead, 1, 1, 1, 1]));
}
