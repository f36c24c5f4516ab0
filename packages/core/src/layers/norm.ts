// Normalisation layers: layer norm over the last axis, batch norm over all but the last (with running statistics).

import { ones, zeros } from "../init.ts";
import { type Mode, scope } from "../mode.ts";
import { batchNormTrain } from "../ops/batch-norm.ts";
import { layerNorm as layerNormOp } from "../ops/layer-norm.ts";
import { buffer, param, type Spec } from "../params.ts";
import { tf } from "../tf.ts";

export interface LayerNorm {
  weight: tf.Tensor1D;
  bias: tf.Tensor1D;
}

export function layerNormSpec(dim: number): Spec<LayerNorm> {
  return { weight: param([dim], ones), bias: param([dim], zeros) };
}

/** x: [..., D] → [..., D]. */
export function layerNorm<T extends tf.Tensor>(p: LayerNorm, x: T, epsilon = 1e-6): T {
  return layerNormOp(x, p.weight, p.bias, epsilon);
}

export interface BatchNorm {
  weight: tf.Tensor1D;
  bias: tf.Tensor1D;
  running_mean: tf.Tensor1D;
  running_var: tf.Tensor1D;
  num_batches_tracked: tf.Scalar;
}

export function batchNormSpec(dim: number, weightInit = ones): Spec<BatchNorm> {
  return {
    weight: param([dim], weightInit),
    bias: param([dim], zeros),
    running_mean: buffer([dim], zeros),
    running_var: buffer([dim], ones),
    num_batches_tracked: buffer([], zeros, "int32"),
  };
}

export interface BatchNormOptions {
  epsilon?: number;
  /** Weight of the batch in the running statistics, PyTorch's convention. */
  momentum?: number;
}

/**
 * Batch normalisation as PyTorch does it: in training by the batch's own (biased) variance, while the running variance
 * is moved towards the unbiased one; new running statistics go to `mode.updates`. x: [B, ..., C] → [B, ..., C].
 */
export function batchNorm<T extends tf.Tensor>(p: BatchNorm, x: T, mode: Mode, options: BatchNormOptions = {}): T {
  const { epsilon = 1e-5, momentum = 0.1 } = options;
  if (!mode.training) {
    const scale = tf.mul(p.weight, tf.rsqrt(tf.add(p.running_var, epsilon)));
    return tf.add(tf.mul(x, scale), tf.sub(p.bias, tf.mul(p.running_mean, scale))) as T;
  }
  const { y, mean, variance } = batchNormTrain(x, p.weight, p.bias, epsilon);
  const count = x.size / x.shape.at(-1)!;
  const moved = (running: tf.Tensor, batch: tf.Tensor) =>
    tf.keep(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum)));
  mode.updates?.set(scope(mode, "running_mean").path, moved(p.running_mean, mean));
  mode.updates?.set(
    scope(mode, "running_var").path,
    moved(p.running_var, tf.mul(variance, count / Math.max(1, count - 1))),
  );
  mode.updates?.set(
    scope(mode, "num_batches_tracked").path,
    tf.keep(tf.add(p.num_batches_tracked, tf.scalar(1, "int32"))),
  );
  return y;
}
