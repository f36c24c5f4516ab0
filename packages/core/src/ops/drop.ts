// Dropout (of single values) and drop path (of a residual branch, a sample at a time), scaled to keep the expectation.
// https://jmlr.org/papers/v15/srivastava14a.html, https://arxiv.org/abs/1603.09382

import type { Mode } from "../mode.ts";
import { tf } from "../tf.ts";
import { keyedUniform } from "./random.ts";

/** Zeroes each value with chance `rate` in training and scales the rest by 1/(1-rate). */
export function dropout<T extends tf.Tensor>(x: T, rate: number, mode: Mode, name = "dropout"): T {
  return drop(x, rate, mode, name, x.shape);
}

/** Zeroes a residual branch for a whole sample with chance `rate` in training. x: [B, …]. */
export function dropPath<T extends tf.Tensor>(x: T, rate: number, mode: Mode, name = "drop_path"): T {
  return drop(x, rate, mode, name, [x.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
}

function drop<T extends tf.Tensor>(x: T, rate: number, mode: Mode, name: string, shape: number[]): T {
  if (!mode.training || mode.key === undefined || rate === 0) return x;
  if (rate >= 1) return tf.zerosLike(x);
  const kept = tf.cast(tf.greaterEqual(keyedUniform(mode, name, shape), rate), "float32");
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
