// Losses in tf ops, and the targets they read, made on the host.

import { tf, VitrineError } from "@vitrine/core";

/**
 * One-hot targets, smoothed as timm does it: `smoothing / classes` for each class and `1 - smoothing` more for the right
 * one. Flat [labels.length, classes]; rows sum to 1.
 */
export function labelTargets(labels: Int32Array, classes: number, smoothing = 0): Float32Array {
  const off = smoothing / classes;
  const on = 1 - smoothing + off;
  const targets = new Float32Array(labels.length * classes).fill(off);
  labels.forEach((label, row) => {
    if (label < 0 || label >= classes)
      throw new VitrineError(
        "loss",
        `label ${label} does not lie in 0 … ${classes - 1}; the data set has other classes`,
      );
    targets[row * classes + label] = on;
  });
  return targets;
}

/** `-Σ target · log softmax(logits)`, mean over the batch. logits, targets: [B, classes], rows of targets sum to 1. */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1))));
}

export interface JsdOptions {
  /** Weight of the divergence. Default 12, the paper's. */
  alpha?: number;
}

/**
 * AugMix' consistency loss as timm's JsdCrossEntropy has it (https://arxiv.org/abs/1912.02781): the cross entropy of
 * the clean images, and `alpha` times the Jensen-Shannon divergence of the scores that the images of a sample get: the
 * mean over them of KL(p ‖ mixture), where the mixture is no less than 1e-7.
 * logits, targets: [splits · B, classes], all clean images first; of targets only the first B rows are read.
 * @throws VitrineError where the rows are not `splits` equal parts.
 */
export function jsdCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor2D,
  { splits, alpha = 12 }: JsdOptions & { splits: number },
): tf.Scalar {
  const [rows, classes] = logits.shape;
  if (splits < 2 || rows % splits !== 0)
    throw new VitrineError("loss", `expected the scores of ${splits} images of each sample, found ${rows} rows`);
  const samples = rows / splits;
  return tf.tidy(() => {
    const logs: tf.Tensor2D = tf.logSoftmax(logits);
    const [cleanLogs, cleanTargets] = [logs, targets].map((all) => tf.slice(all, [0, 0], [samples, classes]));
    const clean = tf.neg(tf.sum(tf.mul(cleanTargets!, cleanLogs!)));
    // The mean of KL(p ‖ mixture) is Σ p log p over the images less Σ mixture log mixture: one look at each.
    const shares = tf.exp(logs);
    const mixture = tf.mean(tf.reshape(shares, [splits, samples, classes]), 0);
    const own = tf.div(tf.sum(tf.mul(shares, logs)), splits);
    const mixed = tf.sum(tf.mul(mixture, tf.log(tf.clipByValue(mixture, 1e-7, 1))));
    return tf.div(tf.add(clean, tf.mul(tf.sub(own, mixed), alpha)), samples);
  });
}

export interface DistillationOptions {
  /** `hard` learns the teacher's choice, `soft` its scores. */
  kind: "hard" | "soft";
  /** Divides the logits of both in the soft form. DeiT's default is 1. */
  temperature?: number;
}

/**
 * What a student loses against a teacher (DeiT, https://arxiv.org/abs/2012.12877). `hard`: cross entropy against the class
 * the teacher chooses. `soft`: `T² Σ KL(teacher / T ‖ student / T)` over the number of logits, as DeiT divides it.
 * student, teacher: logits [B, classes]; the teacher gets no gradient.
 */
export function distillation(student: tf.Tensor2D, teacher: tf.Tensor2D, options: DistillationOptions): tf.Scalar {
  const { kind, temperature = 1 } = options;
  return tf.tidy(() => {
    if (kind === "hard") {
      const chosen = tf.oneHot(tf.argMax(teacher, 1), teacher.shape[1], 1, 0, "float32") as tf.Tensor2D;
      return crossEntropy(student, chosen);
    }
    const wanted = tf.logSoftmax(tf.div(teacher, temperature));
    const found = tf.logSoftmax(tf.div(student, temperature));
    return tf.mul(tf.mean(tf.mul(tf.exp(wanted), tf.sub(wanted, found))), temperature ** 2);
  });
}

/** DeiT's objective: `(1 - weight) · base + weight · distilled`. Its default weight is 0.5. */
export function distilledLoss(base: tf.Scalar, distilled: tf.Scalar, weight = 0.5): tf.Scalar {
  return tf.tidy(() => tf.add(tf.mul(base, 1 - weight), tf.mul(distilled, weight)));
}
