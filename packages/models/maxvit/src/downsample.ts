// Halves a map by pooling, and changes its channels where a block does.

import type { Spec, tf } from "@vitrine/core";
import { avgPool2d, type Conv, conv, maxPool2d } from "@vitrine/core/layers";
import type { PaddingKind, PoolKind } from "./config.ts";

/** timm's `Downsample2d`. */
export interface Downsample {
  expand?: Conv;
}

/** `expand`: the 1x1 convolution that changes the channels, where they do change. */
export function downsampleSpec(from: number, to: number, expand: Spec<Conv>): Spec<Downsample> {
  return (from === to ? {} : { expand }) as Spec<Downsample>;
}

/** x: [B, H, W, I] → [B, H/2, W/2, O]. */
export function downsample(
  p: Downsample | undefined,
  x: tf.Tensor4D,
  kind: PoolKind,
  padding: PaddingKind = "",
): tf.Tensor4D {
  const pooled = pool(x, kind, padding);
  return p?.expand ? conv(p.expand, pooled) : pooled;
}

function pool(x: tf.Tensor4D, kind: PoolKind, same: PaddingKind): tf.Tensor4D {
  const kernel = kind === "max" || kind === "avg" ? 3 : 2;
  const padding = same || (kernel === 3 ? 1 : 0);
  if (kind === "max" || kind === "max2") return maxPool2d(x, { kernel, stride: 2, padding });
  // Zeros added as TensorFlow adds them are there before the pooling, and so in its mean.
  return avgPool2d(x, { kernel, stride: 2, padding, countIncludePad: padding === "same" || kernel === 2 });
}
