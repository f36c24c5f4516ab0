// Pooling of images by windows, with PyTorch's rules for padding, for windows that reach over the edge (`ceilMode`), and
// for what a mean divides by; or with TensorFlow's `same` padding as timm adds it.

import { tf } from "../tf.ts";

export interface Pool2dOptions {
  kernel: number;
  /** Default: the kernel, so that windows lie side by side. */
  stride?: number;
  /** Rows added on each side; or TensorFlow's `same`. Default 0. */
  padding?: number | "same";
  /** A last window that reaches over the edge counts too. */
  ceilMode?: boolean;
}

export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether the zeros of the padding count in the mean. Default true, as in PyTorch. */
  countIncludePad?: boolean;
}

/** Along one axis: how many windows, rows before and behind that the windows reach, and rows of the padding itself behind. */
interface Axis {
  out: number;
  before: number;
  reach: number;
  padding: number;
}

function axisOf(size: number, { kernel, stride = kernel, padding = 0, ceilMode = false }: Pool2dOptions): Axis {
  if (padding === "same") {
    const out = Math.ceil(size / stride);
    const total = Math.max(0, (out - 1) * stride + kernel - size);
    const before = Math.floor(total / 2);
    return { out, before, reach: total - before, padding: total - before };
  }
  const steps = (size + 2 * padding - kernel) / stride;
  let out = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window must begin inside the image or the padding before it.
  if (ceilMode && (out - 1) * stride >= size + padding) out--;
  const reach = Math.max(0, (out - 1) * stride + kernel - size - padding);
  return { out, before: padding, reach, padding };
}

/** Maxima of windows. x: [B, H, W, C] → [B, H', W', C]. */
export function maxPool2d(x: tf.Tensor4D, options: Pool2dOptions): tf.Tensor4D {
  const { kernel, stride = kernel } = options;
  const [rows, columns] = [axisOf(x.shape[1], options), axisOf(x.shape[2], options)];
  // The padding of a maximum never wins, whatever its values.
  const sides = [[0, 0], [rows.before, rows.reach], [columns.before, columns.reach], [0, 0]]; // biome-ignore format: one line
  return tf.maxPool(x, kernel, stride, sides as tf.backend_util.ExplicitPadding);
}

/** Means of windows. x: [B, H, W, C] → [B, H', W', C]. */
export function avgPool2d(x: tf.Tensor4D, options: AvgPool2dOptions): tf.Tensor4D {
  const { kernel, stride = kernel, countIncludePad = true } = options;
  const [rows, columns] = [axisOf(x.shape[1], options), axisOf(x.shape[2], options)];
  // Zeros are added first: TensorFlow.js' own padding has no right gradient at the edges.
  const padded = [rows, columns].some((axis) => axis.before + axis.reach > 0)
    ? tf.pad4d(x, [[0, 0], [rows.before, rows.reach], [columns.before, columns.reach], [0, 0]]) // biome-ignore format: one line
    : x;
  const means = tf.avgPool(padded, kernel, stride, "valid");
  const counted = (axis: Axis, size: number) => counts(axis, size, kernel, stride, countIncludePad);
  const [high, wide] = [counted(rows, x.shape[1]), counted(columns, x.shape[2])];
  if ([...high, ...wide].every((count) => count === kernel)) return means;
  const factors = high.flatMap((h) => wide.map((w) => (kernel * kernel) / (h * w)));
  return tf.mul(means, tf.tensor4d(factors, [1, high.length, wide.length, 1]));
}

/** How many rows the mean of each window is over. */
function counts({ out, before, padding }: Axis, size: number, kernel: number, stride: number, all: boolean): number[] {
  return Array.from({ length: out }, (_, i) => {
    const start = i * stride - before;
    return all ? Math.min(start + kernel, size + padding) - start : Math.min(start + kernel, size) - Math.max(start, 0);
  });
}

export type GlobalPool = "avg" | "max" | "avgmax" | "catavgmax";

/** Mean or maximum of the whole image, or both: halved and added, or side by side. x: [B, H, W, C] → [B, C or 2C]. */
export function globalPool2d(x: tf.Tensor4D, kind: GlobalPool): tf.Tensor2D {
  const mean = () => tf.mean(x, [1, 2]) as tf.Tensor2D;
  const max = () => tf.max(x, [1, 2]) as tf.Tensor2D;
  if (kind === "avg") return mean();
  if (kind === "max") return max();
  return kind === "avgmax" ? tf.mul(0.5, tf.add(mean(), max())) : tf.concat([mean(), max()], 1);
}
