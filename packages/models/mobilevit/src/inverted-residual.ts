// The inverted residual block of MobileNetV2, https://arxiv.org/abs/1801.04381: widen, look around channel by channel, narrow.
// timm's `BottleneckBlock`.

import { dropPath, type Mode, type Spec, scope, tap, tf, zeros } from "@vitrine/core";
import { type ConvNorm, convNorm, convNormSpec, makeDivisible } from "@vitrine/core/layers";
import { convInit } from "./init.ts";

export interface InvertedResidual {
  conv1_1x1: ConvNorm;
  conv2_kxk: ConvNorm;
  conv3_1x1: ConvNorm;
}

export interface InvertedResidualOptions {
  stride: number;
  /** Whether what comes in is added to what comes out. */
  shortcut: boolean;
  dropPath: number;
}

export function invertedResidualSpec(
  from: number,
  to: number,
  { ratio, zeroInit }: { ratio: number; zeroInit: boolean },
): Spec<InvertedResidual> {
  const wide = makeDivisible(from * ratio);
  return {
    conv1_1x1: convNormSpec(1, from, wide, { init: convInit(1, wide) }),
    conv2_kxk: convNormSpec(3, wide, wide, { init: convInit(3, 1), groups: wide }),
    conv3_1x1: convNormSpec(1, wide, to, { init: convInit(1, to), ...(zeroInit && { normInit: zeros }) }),
  };
}

/** x: [B, H, W, I] → [B, ⌈H/s⌉, ⌈W/s⌉, O]. */
export function invertedResidual(
  p: InvertedResidual,
  x: tf.Tensor4D,
  mode: Mode,
  { stride, shortcut, dropPath: rate }: InvertedResidualOptions,
): tf.Tensor4D {
  const inside = (name: string) => scope(mode, name);
  const wide = convNorm(p.conv1_1x1, x, inside("conv1_1x1"), { activation: "silu" });
  const seen = convNorm(p.conv2_kxk, wide, inside("conv2_kxk"), { activation: "silu", stride });
  const narrow = dropPath(convNorm(p.conv3_1x1, seen, inside("conv3_1x1")), rate, mode);
  return tap(mode, shortcut ? tf.add(x, narrow) : narrow);
}
