// Group normalisation: each sample alone, channels in groups; with one group, layer norm of a whole map.

import { VitrineError } from "../errors.ts";
import { ones, zeros } from "../init.ts";
import { groupNorm as groupNormOp } from "../ops/group-norm.ts";
import { param, type Spec } from "../params.ts";
import type { tf } from "../tf.ts";

export interface GroupNorm {
  weight: tf.Tensor1D;
  bias: tf.Tensor1D;
}

export function groupNormSpec(dim: number): Spec<GroupNorm> {
  return { weight: param([dim], ones), bias: param([dim], zeros) };
}

/** x: [B, ..., C] → [B, ..., C]. timm's `GroupNorm1` has one group and PyTorch's epsilon. */
export function groupNorm<T extends tf.Tensor>(p: GroupNorm, x: T, groups = 1, epsilon = 1e-5): T {
  const channels = x.shape.at(-1)!;
  if (channels % groups !== 0)
    throw new VitrineError("groupNorm", `${channels} channels do not divide into ${groups} groups`, { usage: true });
  return groupNormOp(x, p.weight, p.bias, groups, epsilon);
}
