// The layer of CvT: attention whose queries, keys and values are seen through depthwise convolutions, then a perceptron.
// Keys and values may be of a coarser grid than queries. A class token, where there is one, passes the convolutions by.

import {
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
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  depthwiseConv,
  depthwiseConvSpec,
  type Grid,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";

export const epsilon = 1e-5;

/** A depthwise convolution and batch norm ahead of a linear projection. */
export interface ConvProjection {
  convolution_projection: { convolution: { weight: tf.Tensor4D }; normalization: BatchNorm };
}

export interface Attention {
  convolution_projection_query: ConvProjection;
  convolution_projection_key: ConvProjection;
  convolution_projection_value: ConvProjection;
  projection_query: Linear;
  projection_key: Linear;
  projection_value: Linear;
}

export interface Layer {
  attention: { attention: Attention; output: { dense: Linear } };
  intermediate: { dense: Linear };
  output: { dense: Linear };
  layernorm_before: LayerNorm;
  layernorm_after: LayerNorm;
}

/** What one stage's layers are made by. */
export interface LayerConfig {
  embedDim: number;
  numHeads: number;
  mlpRatio: number;
  qkvBias: boolean;
  kernelQkv: number;
  paddingKv: number;
  strideKv: number;
  paddingQ: number;
  strideQ: number;
  dropRate: number;
  attentionDropRate: number;
  initializerRange: number;
  /** Whether the first token is a class token. */
  clsToken: boolean;
}

/** @throws VitrineError where heads do not divide the width, or queries would not be as many as tokens. */
export function layerSpec(c: LayerConfig): Spec<Layer> {
  const { embedDim: dim, kernelQkv: kernel } = c;
  const refuse = (message: string) => new VitrineError("cvt", message, { usage: true });
  if (dim % c.numHeads !== 0) throw refuse(`embedDim ${dim} is not divisible by numHeads ${c.numHeads}`);
  if (c.strideQ !== 1 || 2 * c.paddingQ !== kernel - 1)
    throw refuse(
      `each token asks once: strideQ 1 and paddingQ (kernelQkv - 1) / 2 are expected, ` +
        `found strideQ ${c.strideQ}, paddingQ ${c.paddingQ}, kernelQkv ${kernel}`,
    );
  const init = truncNormal(c.initializerRange);
  const dense = (from: number, to: number, bias = true) => ({ dense: linearSpec(from, to, { init, bias }) });
  const seen = () => ({
    convolution_projection: {
      convolution: depthwiseConvSpec(kernel, dim, { bias: false, init }),
      normalization: batchNormSpec(dim),
    },
  });
  const projection = () => dense(dim, dim, c.qkvBias).dense;
  const hidden = Math.trunc(dim * c.mlpRatio);
  return {
    attention: {
      attention: {
        convolution_projection_query: seen(),
        convolution_projection_key: seen(),
        convolution_projection_value: seen(),
        projection_query: projection(),
        projection_key: projection(),
        projection_value: projection(),
      },
      output: dense(dim, dim),
    },
    intermediate: dense(dim, hidden),
    output: dense(hidden, dim),
    layernorm_before: layerNormSpec(dim),
    layernorm_after: layerNormSpec(dim),
  } as Spec<Layer>;
}

/** The class token's first values. */
export function classTokenSpec(dim: number, std: number): Spec<tf.Tensor3D> {
  return param([1, 1, dim], truncNormal(std), { decay: false });
}

export interface LayerOptions {
  /** Chance that a branch is skipped for a sample in training. */
  dropPath: number;
  /** Only the class token is wanted. */
  classOnly?: boolean;
}

/** x: [B, 1 + H·W, D], or without the class token [B, H·W, D] → the same, or [B, 1, D] with `classOnly`. */
export function layer(
  c: LayerConfig,
  p: Layer,
  x: tf.Tensor3D,
  grid: Grid,
  mode: Mode,
  { dropPath: rate, classOnly = false }: LayerOptions,
): tf.Tensor3D {
  const asked = layerNorm(p.layernorm_before, x, epsilon);
  const inside = scope(mode, "attention");
  const mixed = attention(c, p.attention.attention, asked, grid, scope(inside, "attention"), classOnly);
  const attended = dropout(linear(p.attention.output.dense, mixed), c.dropRate, scope(inside, "output"));
  const kept = classOnly ? classToken(x) : x;
  const middle = tf.add(kept, dropPath(tap(inside, attended), rate, mode, "drop_path1")) as tf.Tensor3D;
  const hidden = activations.gelu(linear(p.intermediate.dense, layerNorm(p.layernorm_after, middle, epsilon)));
  const thought = dropout(linear(p.output.dense, hidden), c.dropRate, scope(mode, "output"));
  return tap(mode, tf.add(middle, dropPath(thought, rate, mode, "drop_path2")) as tf.Tensor3D);
}

/** The first token: [B, 1, D]. */
export function classToken(x: tf.Tensor3D): tf.Tensor3D {
  return tf.slice(x, [0, 0, 0], [-1, 1, -1]);
}

/** All tokens but the first: [B, N, D]. */
export function otherTokens(x: tf.Tensor3D): tf.Tensor3D {
  return tf.slice(x, [0, 1, 0], [-1, -1, -1]);
}

function attention(
  c: LayerConfig,
  p: Attention,
  x: tf.Tensor3D,
  [height, width]: Grid,
  mode: Mode,
  classOnly: boolean,
): tf.Tensor3D {
  const [batch, , dim] = x.shape;
  const { numHeads: heads } = c;
  const map = tf.reshape(c.clsToken ? otherTokens(x) : x, [batch, height, width, dim]) as tf.Tensor4D;
  const see = (name: "query" | "key" | "value", stride: number, padding: number): tf.Tensor3D => {
    const at = scope(mode, `convolution_projection_${name}`);
    const seen = convProjection(p[`convolution_projection_${name}`], map, at, stride, padding);
    return c.clsToken ? (tf.concat([classToken(x), seen], 1) as tf.Tensor3D) : seen;
  };
  const split = (layer: Linear, y: tf.Tensor3D) =>
    tf.transpose(tf.reshape(linear(layer, y), [batch, y.shape[1], heads, dim / heads]), [0, 2, 1, 3]) as tf.Tensor4D;

  // Where the class token alone asks, the others' queries are seen only for the sake of running statistics.
  const skipped = classOnly && !mode.training;
  const asking = skipped ? x : see("query", c.strideQ, c.paddingQ);
  const q = split(p.projection_query, classOnly ? classToken(asking) : asking); //                      [B, h, n, d]
  const k = split(p.projection_key, see("key", c.strideKv, c.paddingKv)); //                            [B, h, N, d]
  const v = split(p.projection_value, see("value", c.strideKv, c.paddingKv)); //                        [B, h, N, d]
  // The published models scale by the width of all heads together.
  const weights = tf.softmax(tf.matMul(tf.mul(q, dim ** -0.5), k, false, true)) as tf.Tensor4D; //      [B, h, n, N]
  const kept = dropout(tap(mode, weights, "weights"), c.attentionDropRate, mode);
  return tf.reshape(tf.transpose(tf.matMul(kept, v), [0, 2, 1, 3]), [batch, q.shape[2], dim]);
}

/** map: [B, H, W, D] → [B, H'·W', D]. */
function convProjection(
  { convolution_projection: p }: ConvProjection,
  map: tf.Tensor4D,
  mode: Mode,
  stride: number,
  padding: number,
): tf.Tensor3D {
  const inside = scope(mode, "convolution_projection");
  const seen = depthwiseConv(p.convolution, map, { stride, padding });
  const [batch, height, width, dim] = seen.shape;
  return tf.reshape(batchNorm(p.normalization, seen, scope(inside, "normalization")), [batch, height * width, dim]);
}
