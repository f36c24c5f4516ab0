// Maps as patches and back. What a transformer of these papers sees as a sequence are the pixels at one place of all patches.

import { resizeBilinear, tf } from "@vitrine/core";

export type PatchSize = readonly [height: number, width: number];

export function patchOf(size: number | readonly [number, number]): PatchSize {
  return typeof size === "number" ? [size, size] : size;
}

/** The map, resized to whole patches where they do not tile it. x: [B, H, W, C] → [B, ⌈H/h⌉·h, ⌈W/w⌉·w, C]. */
export function wholePatches(x: tf.Tensor4D, [h, w]: PatchSize, alignCorners: boolean): tf.Tensor4D {
  const [, height, width] = x.shape;
  return resizeBilinear(x, [Math.ceil(height / h) * h, Math.ceil(width / w) * w], { alignCorners });
}

/** x: [B, H, W, C] → [B, P, N, C] for P pixels of a patch and N patches. */
export function unfold(x: tf.Tensor4D, [h, w]: PatchSize): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const apart = tf.reshape(x, [batch, height / h, h, width / w, w, channels]);
  const ordered = tf.transpose(apart, [0, 2, 4, 1, 3, 5]); //                              [B, h, w, H/h, W/w, C]
  return tf.reshape(ordered, [batch, h * w, (height / h) * (width / w), channels]);
}

/** The inverse of `unfold`. x: [B, P, N, C] → [B, H, W, C]. */
export function fold(x: tf.Tensor4D, [h, w]: PatchSize, [height, width]: readonly [number, number]): tf.Tensor4D {
  const [batch, , , channels] = x.shape;
  const apart = tf.reshape(x, [batch, h, w, height / h, width / w, channels]);
  const ordered = tf.transpose(apart, [0, 3, 1, 4, 2, 5]); //                              [B, H/h, h, W/w, w, C]
  return tf.reshape(ordered, [batch, height, width, channels]);
}
