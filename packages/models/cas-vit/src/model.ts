// CAS-ViT, Zhang et al. 2024, https://arxiv.org/abs/2408.03703
//
// Convolutional additive self-attention: queries and keys are each weighed by where they are (a gate for each position) and
// by what they are (a gate for each channel), added, and multiplied with the values. No position looks at every other one,
// so time and memory grow linearly with the image. The authors' name of the network is RCViT.

import {
  adaptInputConv,
  type BaseConfig,
  type FeatureStage,
  type Mode,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
} from "@vitrine/core";
import {
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  convSpec,
  dropPathRates,
  type Linear,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import { type AdditiveBlock, type AdditiveBlockConfig, additiveBlock, additiveBlockSpec } from "./additive-block.ts";

/** Arguments of the reference's `RCViT`, in camel case. */
export interface CasVitConfig extends BaseConfig, AdditiveBlockConfig {
  /** Blocks of each stage. */
  layers: readonly number[];
  embedDims: readonly number[];
  /** Between stages: halve the map. Where the widths of two stages differ it is halved in any case. */
  downsamples: readonly boolean[];
  /** Chance that the last block's branches are skipped for a sample in training; earlier blocks' are smaller. */
  dropPathRate: number;
  /** A backbone for dense prediction: a norm for each stage's map, and no classifier. */
  forkFeat: boolean;
  /** A second head, for a loss that has a teacher; at inference the mean of the two answers. */
  distillation: boolean;
}

export const defaults: CasVitConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  layers: [2, 2, 4, 2],
  embedDims: [48, 56, 112, 220],
  mlpRatios: 4,
  downsamples: [true, true, true, true],
  attnBias: false,
  actLayer: "gelu",
  dropRate: 0,
  dropPathRate: 0,
  forkFeat: false,
  distillation: true,
};

/** Two convolutions of stride 2, each with norm and ReLU. */
export interface Stem {
  0: Conv;
  1: BatchNorm;
  3: Conv;
  4: BatchNorm;
}

/** Between two stages: a convolution of stride 2 and its norm. */
export interface Embedding {
  proj: Conv;
  norm: BatchNorm;
}

/** With `forkFeat` also `norm0`, `norm2`, …: a norm for each stage, by its place in the network. */
export interface CasVit {
  patch_embed: Stem;
  /** Stages, and between them embeddings. */
  network: (AdditiveBlock[] | Embedding)[];
  norm?: BatchNorm;
  head?: Linear;
  dist_head?: Linear;
  [outputNorm: `norm${number}`]: BatchNorm;
}

/** A stage, and what stands before it. */
interface Stage {
  dim: number;
  /** Its place in the network. */
  at: number;
  depth: number;
  /** Blocks ahead of it. */
  before: number;
  stride: number;
  /** The embedding ahead of it, at `at - 1`, makes its map from one this wide. */
  from?: number;
}

/** The stages, with their places. @throws VitrineError where the lists of the configuration do not match. */
function stagesOf(c: CasVitConfig): Stage[] {
  const refuse = (message: string) => new VitrineError("cas-vit", message, { usage: true });
  const { layers, embedDims, downsamples } = c;
  if (layers.length === 0 || embedDims.length !== layers.length)
    throw refuse(`embedDims must have a width for each of the ${layers.length} stages, found [${embedDims}]`);
  if (downsamples.length < layers.length - 1)
    throw refuse(`downsamples must say so for each of the ${layers.length - 1} gaps, found [${downsamples}]`);
  if (embedDims[0]! % 2 !== 0)
    throw refuse(`embedDims[0] must be even for the stem's two halves, found ${embedDims[0]}`);
  const stages: Stage[] = [];
  for (const [i, dim] of embedDims.entries()) {
    const last = stages.at(-1);
    const halved = last !== undefined && (downsamples[i - 1] || dim !== last.dim);
    stages.push({
      dim,
      at: last === undefined ? 0 : last.at + (halved ? 2 : 1),
      depth: layers[i]!,
      before: last === undefined ? 0 : last.before + last.depth,
      stride: last === undefined ? 4 : last.stride * (halved ? 2 : 1),
      ...(halved ? { from: last.dim } : {}),
    });
  }
  return stages;
}

export function casVitSpec(c: CasVitConfig): Spec<CasVit> {
  const stages = stagesOf(c);
  const first = stages[0]!.dim;
  const last = stages.at(-1)!.dim;
  const head = c.numClasses > 0 ? linearSpec(last, c.numClasses) : undefined;
  const ends = c.forkFeat
    ? Object.fromEntries(stages.map(({ at, dim }) => [`norm${at}`, batchNormSpec(dim)]))
    : { norm: batchNormSpec(last), ...(head && { head, ...(c.distillation && { dist_head: head }) }) };
  return {
    patch_embed: {
      0: convSpec(3, c.inChans, first / 2),
      1: batchNormSpec(first / 2),
      3: convSpec(3, first / 2, first),
      4: batchNormSpec(first),
    },
    network: stages.flatMap(({ dim, depth, from }) => [
      ...(from === undefined ? [] : [{ proj: convSpec(3, from, dim), norm: batchNormSpec(dim) }]),
      Array.from({ length: depth }, () => additiveBlockSpec(c, dim)),
    ]),
    ...ends,
  } as Spec<CasVit>;
}

/** images: [B, H, W, C] → [B, H/4, W/4, D], sizes rounded up. */
function stem(p: Stem, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const half = batchNorm(p[1], conv(p[0], images, { stride: 2, padding: 1 }), scope(mode, "1"));
  const whole = batchNorm(p[4], conv(p[3], tf.relu(half), { stride: 2, padding: 1 }), scope(mode, "4"));
  return tap(mode, tf.relu(whole));
}

/** The last stage's map after its norm. images: [B, H, W, C] → [B, H/32, W/32, D], sizes rounded up. */
export function casVitFeatures(c: CasVitConfig, p: CasVit, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const stages = stagesOf(c);
  const rates = dropPathRates(
    c.dropPathRate,
    c.layers.reduce((sum, depth) => sum + depth, 0),
  );
  let x = stem(p.patch_embed, images, scope(mode, "patch_embed"));
  let normed = x;
  for (const { at, before, from } of stages) {
    if (from !== undefined) {
      const { proj, norm } = p.network[at - 1] as Embedding;
      const inside = scope(mode, `network.${at - 1}`);
      x = tap(inside, batchNorm(norm, conv(proj, x, { stride: 2, padding: 1 }), scope(inside, "norm")));
    }
    const inside = scope(mode, `network.${at}`);
    for (const [i, b] of (p.network[at] as AdditiveBlock[]).entries())
      x = additiveBlock(c, b, x, rates[before + i]!, scope(inside, String(i)));
    tap(inside, x);
    if (c.forkFeat) normed = tap(scope(mode, `norm${at}`), batchNorm(p[`norm${at}`]!, x, scope(mode, `norm${at}`)));
  }
  return p.norm === undefined ? normed : tap(scope(mode, "norm"), batchNorm(p.norm, x, scope(mode, "norm")));
}

/** Logits of the class head and, where there is one, of the head that learns from a teacher. */
function scores(p: CasVit, pooled: tf.Tensor2D): tf.Tensor2D[] {
  return [p.head, p.dist_head].flatMap((head) => (head === undefined ? [] : [linear(head, pooled)]));
}

const pool = (map: tf.Tensor) => tf.mean(map, [1, 2]) as tf.Tensor2D;

/** Class scores, of two heads the mean. features: [B, H, W, D] → [B, classes], or [B, D] with `preLogits`. */
export function casVitHead(
  _: CasVitConfig,
  p: CasVit,
  features: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = pool(features);
  const [first = pooled, second] = options.preLogits ? [] : scores(p, pooled);
  return second === undefined ? first : tf.mul(tf.add(first, second), 0.5);
}

/** Class and distillation logits apart; without `distillation` the one answer. */
export function casVitHeads(c: CasVitConfig, p: CasVit, images: tf.Tensor4D, mode: Mode): tf.Tensor2D[] {
  const pooled = pool(casVitFeatures(c, p, images, mode));
  return p.head === undefined ? [pooled] : scores(p, pooled);
}

/** The stages' maps, with `forkFeat` behind their norms. */
export function casVitStages(c: CasVitConfig): FeatureStage[] {
  const path = (at: number) => (c.forkFeat ? `norm${at}` : `network.${at}`);
  return stagesOf(c).map(({ at, dim, stride }) => ({ path: path(at), channels: dim, stride }));
}

/** A checkpoint for other channels, or a classifier's for a backbone. */
export function adaptCasVit(c: CasVitConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.0.weight", c.inChans, state, notes);
  if (c.forkFeat && state.has("norm.weight")) {
    for (const key of given.keys()) if (/^(norm|head|dist_head)\./.test(key)) state.delete(key);
    for (const { at, dim } of stagesOf(c)) {
      const filled = (value: number) => ({ shape: [dim], data: new Float32Array(dim).fill(value) });
      state.set(`norm${at}.weight`, filled(1)).set(`norm${at}.bias`, filled(0));
      state.set(`norm${at}.running_mean`, filled(0)).set(`norm${at}.running_var`, filled(1));
      state.set(`norm${at}.num_batches_tracked`, { shape: [], data: new Int32Array(1) });
    }
    notes.push("the classifier is left out, and the norms of the feature maps are new");
  }
  return state;
}

/** Stem, then blocks and embeddings one by one, then the last norms and the heads. */
export function casVitDepth(c: CasVitConfig, path: string): number {
  if (path.startsWith("patch_embed.")) return 0;
  const places = stagesOf(c).flatMap(({ at, depth, from }) => [
    ...(from === undefined ? [] : [`network.${at - 1}.`]),
    ...Array.from({ length: depth }, (_, i) => `network.${at}.${i}.`),
  ]);
  const found = places.findIndex((place) => path.startsWith(place));
  return 1 + (found === -1 ? places.length : found);
}
