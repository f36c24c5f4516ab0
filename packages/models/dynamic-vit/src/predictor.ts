// Which tokens stay: a small network scores each by itself and by the mean of those that are left. In training a score is a
// chance, and the decision is drawn; at inference so many of the best stay.

import { detached, keyedUniform, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  activations,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
} from "@vitrine/core/layers";

export interface Predictor {
  in_conv: { 0: LayerNorm; 1: Linear };
  out_conv: { 0: Linear; 2: Linear; 4: Linear };
}

const epsilon = 1e-5;

export function predictorSpec(dim: number): Spec<Predictor> {
  const [half, quarter] = [Math.floor(dim / 2), Math.floor(dim / 4)];
  return {
    in_conv: { 0: layerNormSpec(dim), 1: linearSpec(dim, dim) },
    out_conv: { 0: linearSpec(dim, half), 2: linearSpec(half, quarter), 4: linearSpec(quarter, 2) },
  };
}

/** Log chances to stay and to go. tokens: [B, N, D]; left: [B, N], 1 for each token that is left → [B, N, 2]. */
export function predictor(p: Predictor, tokens: tf.Tensor3D, left: tf.Tensor2D, mode: Mode): tf.Tensor3D {
  const count = tokens.shape[1];
  const { gelu } = activations;
  const seen = gelu(linear(p.in_conv[1], layerNorm(p.in_conv[0], tokens, epsilon)));
  const [own, shared] = tf.split(seen, 2, 2) as [tf.Tensor3D, tf.Tensor3D]; //                          [B, N, D/2]
  const weight = tf.expandDims(left, 2); //                                                             [B, N, 1]
  // An image of which nothing is left has no mean; without the bound it would have NaN.
  const size = tf.maximum(tf.sum(weight, 1, true), 1e-6);
  const mean = tf.div(tf.sum(tf.mul(shared, weight), 1, true), size); //                                [B, 1, D/2]
  const both = tf.concat([own, tf.tile(mean, [1, count, 1])], 2) as tf.Tensor3D; //                     [B, N, D]
  const hidden = gelu(linear(p.out_conv[2], gelu(linear(p.out_conv[0], both))));
  const scores = linear(p.out_conv[4], hidden); //                                                      [B, N, 2]
  return tap(mode, tf.logSoftmax(scores) as tf.Tensor3D);
}

/**
 * 1 for each token that stays, 0 for the others; of those that had gone none returns. With a key the decision is drawn
 * by the scores (Gumbel-softmax of temperature 1), without one the likelier stays. Its gradient is that of the chance.
 * scores: [B, N, 2], left: [B, N] → [B, N].
 */
export function decide(scores: tf.Tensor3D, left: tf.Tensor2D, mode: Mode): tf.Tensor2D {
  const [stay, go] = tf.unstack(scores, 2) as [tf.Tensor2D, tf.Tensor2D];
  // Of two classes, the difference of the Gumbel draws alone counts: it is logistic.
  const chance = tf.sigmoid(tf.add(tf.sub(stay, go), noise(scores, mode)));
  const rounding = detached(() => tf.sub(tf.cast(tf.greaterEqual(chance, 0.5), "float32"), chance));
  return tf.mul(tf.add(chance, rounding), left) as tf.Tensor2D;
}

function noise(scores: tf.Tensor3D, mode: Mode): tf.Tensor | number {
  if (!mode.training || mode.key === undefined) return 0;
  const drawn = tf.clipByValue(keyedUniform(mode, "gumbel", scores.shape.slice(0, 2)), 2 ** -25, 1 - 2 ** -24);
  return tf.log(tf.div(drawn, tf.sub(1, drawn)));
}

/** The `count` tokens of the highest chance to stay, best first. tokens: [B, N, D], scores: [B, N, 2] → [B, count, D]. */
export function keepBest(tokens: tf.Tensor3D, scores: tf.Tensor3D, count: number): tf.Tensor3D {
  const stay = tf.squeeze(tf.slice(scores, [0, 0, 0], [-1, -1, 1]), [2]);
  const { indices } = tf.topk(stay, count, true);
  return tf.gather(tokens, indices as tf.Tensor2D, 1, 1) as tf.Tensor3D;
}

/** Where predictor `index` is. */
export function predictorScope(mode: Mode, index: number): Mode {
  return scope(scope(mode, "score_predictor"), String(index));
}
