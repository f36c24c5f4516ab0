// The part of a step that is the same wherever the update runs: from bytes to the loss and its gradients, in tf ops.

import { type Mode, type Model, tf, trainingMode } from "@vitrine/core";
import { crossEntropy, distillation, distilledLoss, jsdCrossEntropy } from "../losses.ts";
import type { StepOptions } from "../step.ts";
import { type PixelInputs, prepareImages } from "./pixels.ts";

/** Tensors of one micro-batch. */
export interface ForwardInputs extends PixelInputs {
  /** [B, classes] */
  targets: tf.Tensor2D;
  /** int32 [2]: seed and number of the run. */
  key: tf.Tensor1D;
  /** The teacher's logits, [B, classes]. */
  teacher?: tf.Tensor2D;
}

export interface ForwardResult {
  /** Mean over the micro-batch. */
  loss: tf.Scalar;
  logits: tf.Tensor2D;
  grads: Map<string, tf.Tensor>;
  /** New values of buffers. */
  buffers: Map<string, tf.Tensor>;
}

/**
 * The mean over heads of the cross entropy, or of AugMix' loss; with a teacher, DeiT's objective: the first head learns the targets and the last
 * one (the distillation head, or the only one) the teacher's scores.
 */
function lossOf(
  heads: readonly tf.Tensor2D[],
  { targets, teacher }: ForwardInputs,
  options: Pick<StepOptions, "distillation" | "jsd">,
): tf.Scalar {
  const { distillation: kd, jsd } = options;
  if (teacher !== undefined && kd !== undefined) {
    const distilled = distillation(heads.at(-1)!, teacher, kd);
    return distilledLoss(crossEntropy(heads[0]!, targets), distilled, kd.weight);
  }
  const losses = heads.map((logits) =>
    jsd === undefined ? crossEntropy(logits, targets) : jsdCrossEntropy(logits, targets, jsd),
  );
  return losses.length === 1 ? losses[0]! : (tf.div(tf.addN(losses), losses.length) as tf.Scalar);
}

/** Loss, scores and gradients of one micro-batch for `trained` parameters; the others are constants. */
export function forwardBackward(
  model: Model,
  trained: ReadonlyMap<string, tf.Tensor>,
  rebuild: (trained: ReadonlyMap<string, tf.Tensor>) => object,
  inputs: ForwardInputs,
  options: Pick<StepOptions, "mean" | "std" | "distillation" | "jsd">,
): ForwardResult {
  const updates = new Map<string, tf.Tensor>();
  const mode: Mode = trainingMode(inputs.key, updates);
  const paths = [...trained.keys()];
  let logits!: tf.Tensor2D;
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
    const params = rebuild(new Map(paths.map((path, i) => [path, values[i]!])));
    const images = prepareImages(inputs, options.mean, options.std);
    const heads = model.heads(images, mode, params);
    const total = heads.length === 1 ? heads[0]! : (tf.div(tf.addN([...heads]), heads.length) as tf.Tensor2D);
    logits = tf.keep(total);
    return lossOf(heads, inputs, options);
  })([...trained.values()]);
  return {
    loss: value as tf.Scalar,
    logits,
    grads: new Map(paths.map((path, i) => [path, grads[i]!])),
    buffers: updates,
  };
}
