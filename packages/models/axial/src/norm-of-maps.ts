// Batch norm of several maps whose channels are not the last axis, and the sum of them. Moving channels to the end, as core's
// norm wants them, would copy every map of pairs twice.

import { type Mode, scope, tf } from "@vitrine/core";
import type { BatchNorm } from "@vitrine/core/layers";

const epsilon = 1e-5;
const momentum = 0.1;

/** Σ norm(map), the norm's channels dealt out to the maps in turn. maps: each [R, C, L, L] → [R, C, L, L]. */
export function batchNormOfMaps(p: BatchNorm, maps: readonly tf.Tensor4D[], mode: Mode): tf.Tensor4D {
  const channels = maps[0]!.shape[1];
  const part = (values: tf.Tensor1D, i: number) => tf.slice(values, [i * channels], [channels]);
  const perChannel = (values: tf.Tensor) => tf.reshape(values, [1, channels, 1, 1]);
  if (!mode.training) {
    const scale = tf.mul(p.weight, tf.rsqrt(tf.add(p.running_var, epsilon))) as tf.Tensor1D;
    const shift = tf.sub(p.bias, tf.mul(p.running_mean, scale)) as tf.Tensor1D;
    const scaled = maps.map((map, i) => tf.mul(map, perChannel(part(scale, i))));
    const moved = tf.sum(tf.reshape(shift, [maps.length, channels]), 0);
    return tf.add(scaled.reduce((a, b) => tf.add(a, b)), perChannel(moved)); // biome-ignore format: one line
  }
  const statistics = maps.map((map) => tf.moments(map, [0, 2, 3]));
  keepStatistics(p, maps[0]!.size / channels, statistics, mode);
  const normed = maps.map((map, i) => {
    const { mean, variance } = statistics[i]!;
    const factor = tf.mul(part(p.weight, i), tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(map, perChannel(factor)), perChannel(tf.sub(part(p.bias, i), tf.mul(mean, factor))));
  });
  return normed.reduce((a, b) => tf.add(a, b)) as tf.Tensor4D;
}

/** New running statistics, PyTorch's way: of the variance the unbiased one. */
function keepStatistics(
  p: BatchNorm,
  count: number,
  statistics: readonly { mean: tf.Tensor; variance: tf.Tensor }[],
  mode: Mode,
): void {
  const moved = (running: tf.Tensor, batch: tf.Tensor) =>
    tf.keep(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum)));
  const mean = tf.concat(statistics.map((one) => one.mean as tf.Tensor1D));
  const variance = tf.concat(statistics.map((one) => one.variance as tf.Tensor1D));
  const unbiased = tf.mul(variance, count / Math.max(1, count - 1));
  mode.updates?.set(scope(mode, "running_mean").path, moved(p.running_mean, mean));
  mode.updates?.set(scope(mode, "running_var").path, moved(p.running_var, unbiased));
  const tracked = tf.keep(tf.add(p.num_batches_tracked, tf.scalar(1, "int32")));
  mode.updates?.set(scope(mode, "num_batches_tracked").path, tracked);
}
