// DeiT, Touvron et al. 2021, https://arxiv.org/abs/2012.12877, and DeiT III, 2022, https://arxiv.org/abs/2204.07118
//
// A plain vision transformer. Distilled, it has a second token with a head of its own that learns from a teacher while the
// class token learns from labels; at inference the mean of the two heads answers.

import {
  adaptInputConv,
  adaptPositions,
  type BaseConfig,
  dropout,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  embeddedPrefix,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  patchGrid,
  poolTokens,
  type VitEncoder,
  type VitEncoderConfig,
  vitEncoder,
  vitEncoderDefaults,
  vitEncoderSpec,
} from "@vitrine/core/layers";

/** timm's arguments of `VisionTransformer` as far as DeiT has them, in camel case, and the two of distillation. */
export interface DeiTConfig extends BaseConfig, VitEncoderConfig {
  /** What the head reads: the class token, or the mean of the patches (behind which the last norm then is). */
  globalPool: "token" | "avg";
  /** A token and a head that learn from a teacher. */
  distilled: boolean;
  /** `heads` gives both heads apart, for a loss that has a teacher; timm's `set_distilled_training`. */
  distilledTraining: boolean;
  /** Dropout ahead of the head. */
  dropRate: number;
}

export const defaults: DeiTConfig = {
  ...vitEncoderDefaults,
  numClasses: 1000,
  globalPool: "token",
  dropRate: 0,
  distilled: false,
  distilledTraining: false,
};

export interface DeiT extends VitEncoder {
  fc_norm?: LayerNorm;
  head?: Linear;
  head_dist?: Linear;
}

export function deitSpec(c: DeiTConfig): Spec<DeiT> {
  const refuse = (message: string) => new VitrineError("deit", message, { usage: true });
  if (c.globalPool === "token" && !c.classToken) throw refuse('globalPool "token" needs classToken; else take "avg"');
  if (c.distilled && (c.globalPool !== "token" || c.regTokens > 0))
    throw refuse('the distilled model reads its class and distillation tokens: globalPool "token", regTokens 0');
  if (c.distilledTraining && !c.distilled) throw refuse("distilledTraining needs a distilled model");
  const pooled = c.globalPool === "avg";
  return {
    ...vitEncoderSpec(c, { distToken: c.distilled, norm: !pooled }),
    ...(pooled ? { fc_norm: layerNormSpec(c.embedDim) } : {}),
    ...(c.numClasses > 0 ? { head: linearSpec(c.embedDim, c.numClasses) } : {}),
    ...(c.numClasses > 0 && c.distilled ? { head_dist: linearSpec(c.embedDim, c.numClasses) } : {}),
  } as Spec<DeiT>;
}

/** Tokens after the last norm: class token, distillation token, patches. images: [B, H, W, C] → [B, prefix + N, D]. */
export function deitFeatures(c: DeiTConfig, p: DeiT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return vitEncoder(c, p, images, mode);
}

/** What the heads read, one vector a head: [B, D]. */
function readings(c: DeiTConfig, p: DeiT, tokens: tf.Tensor3D, mode: Mode): tf.Tensor2D[] {
  const drop = (x: tf.Tensor2D, name: string) => dropout(x, c.dropRate, scope(mode, name));
  if (c.distilled) {
    const [first, second] = [0, 1].map((i) => tf.squeeze(tf.slice(tokens, [0, i, 0], [-1, 1, -1]), [1]) as tf.Tensor2D);
    return [drop(first!, "head_drop"), drop(second!, "head_dist_drop")];
  }
  const pooled = poolTokens(tokens, c.globalPool, Number(c.classToken) + c.regTokens);
  const normed = p.fc_norm ? tap(scope(mode, "fc_norm"), layerNorm(p.fc_norm, pooled, c.normEps)) : pooled;
  return [drop(normed, "head_drop")];
}

/** Class scores, of two heads the mean. tokens: [B, prefix + N, D] → [B, classes], or [B, D] with `preLogits`. */
export function deitHead(
  c: DeiTConfig,
  p: DeiT,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const read = readings(c, p, tokens as tf.Tensor3D, mode);
  return mean(options.preLogits ? read : scores(p, read));
}

/** Logits of the class head and, of a distilled model, of the head that learns from a teacher. */
function scores(p: DeiT, read: tf.Tensor2D[]): tf.Tensor2D[] {
  return [p.head, p.head_dist].slice(0, read.length).map((head, i) => (head ? linear(head, read[i]!) : read[i]!));
}

function mean(parts: tf.Tensor2D[]): tf.Tensor2D {
  return parts.length === 1 ? parts[0]! : tf.mul(tf.add(parts[0]!, parts[1]!), 0.5);
}

/** Tokens for the heads: of the last block only those that are read, where these are the first. */
function tokensFor(c: DeiTConfig, p: DeiT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  const queries = c.distilled ? 2 : 1;
  return c.globalPool === "token" ? vitEncoder(c, p, images, mode, { queries }) : vitEncoder(c, p, images, mode);
}

export function deitLogits(c: DeiTConfig, p: DeiT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  return deitHead(c, p, tokensFor(c, p, images, mode), mode);
}

/** Class and distillation logits apart with `distilledTraining`; else the one answer of `logits`. */
export function deitHeads(c: DeiTConfig, p: DeiT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D[] {
  const apart = scores(p, readings(c, p, tokensFor(c, p, images, mode), mode));
  return c.distilledTraining ? apart : [mean(apart)];
}

/** A checkpoint for other channels or another image size. */
export function adaptDeiT(c: DeiTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  const prefix = embeddedPrefix(c, c.distilled);
  adaptPositions("pos_embed", { prefix }, { prefix, grid: patchGrid(c) }, state, notes);
  return state;
}
