// The encoder that both towers of CLIP are made of: pre-norm transformer layers with queries, keys and values apart.

import { dropout, type Mode, normal, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  activations,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import type { TowerConfig } from "./config.ts";

export interface EncoderLayer {
  self_attn: { k_proj: Linear; v_proj: Linear; q_proj: Linear; out_proj: Linear };
  layer_norm1: LayerNorm;
  mlp: { fc1: Linear; fc2: Linear };
  layer_norm2: LayerNorm;
}

export interface Encoder {
  layers: EncoderLayer[];
}

export interface EncoderOptions {
  /** Tokens attend to themselves and to what is before them alone. */
  causal?: boolean;
  /** How many of the first tokens are wanted of the last layer; all of them when left out. */
  queries?: number;
}

/** Initial deviations are those of the paper: smaller with depth for what is added to the stream. */
export function encoderSpec(c: TowerConfig): Spec<Encoder> {
  const { hiddenSize: dim, intermediateSize: hidden } = c;
  const added = { init: normal(dim ** -0.5 * (2 * c.numHiddenLayers) ** -0.5) };
  const layer = () => ({
    self_attn: {
      k_proj: linearSpec(dim, dim, added),
      v_proj: linearSpec(dim, dim, added),
      q_proj: linearSpec(dim, dim, added),
      out_proj: linearSpec(dim, dim, { init: normal(dim ** -0.5) }),
    },
    layer_norm1: layerNormSpec(dim),
    mlp: { fc1: linearSpec(dim, hidden, { init: normal((2 * dim) ** -0.5) }), fc2: linearSpec(hidden, dim, added) },
    layer_norm2: layerNormSpec(dim),
  });
  return { layers: Array.from({ length: c.numHiddenLayers }, layer) } as Spec<Encoder>;
}

/** x: [B, N, D] → [B, queries or N, D]. */
export function encoder(
  c: TowerConfig,
  p: Encoder,
  x: tf.Tensor3D,
  mode: Mode,
  { causal = false, queries }: EncoderOptions = {},
): tf.Tensor3D {
  const mask = causal ? causalMask(x.shape[1]) : undefined;
  return p.layers.reduce((stream, layer, i) => {
    const wanted = i === p.layers.length - 1 ? queries : undefined;
    const inside = scope(scope(mode, "layers"), String(i));
    return tap(inside, encoderLayer(c, layer, stream, inside, mask, wanted));
  }, x);
}

function encoderLayer(
  c: TowerConfig,
  p: EncoderLayer,
  x: tf.Tensor3D,
  mode: Mode,
  mask: tf.Tensor2D | undefined,
  queries = x.shape[1],
): tf.Tensor3D {
  const first = (y: tf.Tensor3D) => (queries === x.shape[1] ? y : tf.slice(y, [0, 0, 0], [-1, queries, -1]));
  const asked = layerNorm(p.layer_norm1, x, c.layerNormEps);
  const mixed = selfAttention(c, p.self_attn, first(asked), asked, scope(mode, "self_attn"), mask);
  const middle = tf.add(first(x), mixed) as tf.Tensor3D; //                                             [B, queries, D]
  const hidden = activations[c.hiddenAct](linear(p.mlp.fc1, layerNorm(p.layer_norm2, middle, c.layerNormEps)));
  return tf.add(middle, linear(p.mlp.fc2, hidden));
}

/** asking: [B, n, D], of the first tokens; asked: [B, N, D] → [B, n, D]. */
function selfAttention(
  c: TowerConfig,
  p: EncoderLayer["self_attn"],
  asking: tf.Tensor3D,
  asked: tf.Tensor3D,
  mode: Mode,
  mask: tf.Tensor2D | undefined,
): tf.Tensor3D {
  const { hiddenSize: dim, numAttentionHeads: heads } = c;
  const apart = (layer: Linear, x: tf.Tensor3D) =>
    tf.transpose(tf.reshape(linear(layer, x), [x.shape[0], x.shape[1], heads, dim / heads]), [0, 2, 1, 3]);
  const query = tf.mul(apart(p.q_proj, asking), (dim / heads) ** -0.5); //                              [B, h, n, d]
  const scores = tf.matMul(query, apart(p.k_proj, asked), false, true); //                              [B, h, n, N]
  const weights = tap(mode, tf.softmax(mask === undefined ? scores : tf.add(scores, mask)), "weights");
  const values = apart(p.v_proj, asked);
  const mixed = tf.matMul(dropout(weights, c.attentionDropout, scope(mode, "dropout")), values); //     [B, h, n, d]
  return linear(p.out_proj, tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), asking.shape));
}

/** What is added to scores so that no token sees a later one: [N, N]. */
function causalMask(length: number): tf.Tensor2D {
  const values = new Float32Array(length * length);
  for (let i = 0; i < length; i++) values.fill(-1e9, i * length + i + 1, (i + 1) * length);
  return tf.tensor2d(values, [length, length]);
}
