// What DynamicViT trains for besides its labels: to keep as many tokens as it is told, and to give what the same network
// gives with all tokens, in its scores and in the tokens that are left. https://arxiv.org/abs/2106.02034, section 3.3

import { detached, tf, VitrineError } from "@vitrine/core";
import type { DynamicViTOutput } from "./model.ts";

/** Squared distance of the share of tokens that an image keeps from `ratios`, mean over images; summed over decisions. */
export function ratioLoss(decisions: readonly tf.Tensor2D[], ratios: readonly number[]): tf.Scalar {
  if (decisions.length !== ratios.length)
    throw new VitrineError("ratioLoss", `a ratio for each of ${decisions.length} decisions, found ${ratios.length}`);
  const losses = decisions.map((decision, i) => tf.mean(tf.square(tf.sub(tf.mean(decision, 1), ratios[i]!))));
  return losses.length === 0 ? tf.scalar(0) : (tf.addN(losses) as tf.Scalar);
}

/** KL(teacher ‖ student) of class scores, mean over images. Both [B, classes]; the teacher gets no gradient. */
export function scoreDistillation(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  return tf.mean(divergence(student, teacher));
}

/** Σ over the last axis of exp(teacher) · (teacher - student), both as log chances. */
function divergence<R extends tf.Tensor>(student: tf.Tensor, teacher: tf.Tensor): R {
  const wanted = detached(() => tf.logSoftmax(teacher));
  return tf.sum(tf.mul(tf.exp(wanted), tf.sub(wanted, tf.logSoftmax(student))), -1);
}

/**
 * How far tokens that are left are from the teacher's: mean squared difference, or with `kind: "kl"` the divergence of their
 * channels taken for scores, mean over tokens. student, teacher: [B, N, D]; left: [B, N], 1 for each token that is left.
 */
export function tokenDistillation(
  student: tf.Tensor3D,
  teacher: tf.Tensor3D,
  left: tf.Tensor2D,
  kind: "mse" | "kl" = "mse",
): tf.Scalar {
  const weight = detached(() => tf.cast(tf.greater(left, 0.5), "float32"));
  const apart: tf.Tensor2D =
    kind === "kl"
      ? divergence(student, teacher)
      : tf.mean(
          tf.squaredDifference(
            student,
            detached(() => tf.clone(teacher)),
          ),
          2,
        );
  return tf.div(tf.sum(tf.mul(apart, weight)), tf.maximum(tf.sum(weight), 1));
}

export interface DynamicViTLossOptions {
  /** Share of tokens to keep at each decision: the model's `tokenRatio`. */
  ratios: readonly number[];
  /** Weight of the labels' loss. Default 1. */
  labelWeight?: number;
  /** Weight of `ratioLoss`, mean over decisions. Default 2. */
  ratioWeight?: number;
  /** Weight of each of both distillations. Default 0.5. */
  distillWeight?: number;
  tokens?: "mse" | "kl";
}

/**
 * The authors' objective. `labels` is the loss against the labels (cross entropy of `output.logits`); `teacher` holds the
 * logits [B, classes] and normed patches [B, N, D] of the network that drops nothing.
 */
export function dynamicVitLoss(
  output: DynamicViTOutput,
  labels: tf.Scalar,
  teacher: { logits: tf.Tensor2D; tokens: tf.Tensor3D },
  options: DynamicViTLossOptions,
): tf.Scalar {
  const { ratios, labelWeight = 1, ratioWeight = 2, distillWeight = 0.5, tokens = "mse" } = options;
  const { decisions } = output;
  const left = decisions.at(-1);
  if (left === undefined) throw new VitrineError("dynamicVitLoss", "a model that drops tokens is expected");
  const distilled = tf.add(
    scoreDistillation(output.logits, teacher.logits),
    tokenDistillation(output.tokens, teacher.tokens, left, tokens),
  );
  return tf.addN([
    tf.mul(labels, labelWeight),
    tf.mul(ratioLoss(decisions, ratios), ratioWeight / decisions.length),
    tf.mul(distilled, distillWeight),
  ]) as tf.Scalar;
}
