// MaxViT, Tu et al. 2022, https://arxiv.org/abs/2204.01697, and CoAtNet, Dai et al. 2021, https://arxiv.org/abs/2106.04803,
// with timm's variations of both. A stem, then stages that each halve the map in their first block.
//
// A MaxViT block is an inverted bottleneck, attention inside windows, and attention over a grid that spans the map. CoAtNet
// has blocks of convolutions and, in later stages, transformer blocks over the whole map.

import { dropout, type FeatureStage, fanInUniform, type Mode, type Spec, scope, tap, tf } from "@vitrine/core";
import {
  type Conv,
  conv,
  convSpec,
  dropPathRates,
  type Linear,
  linear,
  linearSpec,
  poolTokens,
  symmetricPadding,
} from "@vitrine/core/layers";
import { type Block, block, blockSpec } from "./block.ts";
import { blockKinds, type MaxViTConfig, pair, refuse, requireChoices } from "./config.ts";
import { convInit } from "./init.ts";
import { type Norm, norm, normAct, normSpec } from "./norm.ts";
import { requireImage, requireSize, tableSize } from "./sizes.ts";

export type { MaxViTConfig } from "./config.ts";

export interface Stem {
  conv1: Conv;
  norm1: Norm;
  conv2: Conv;
}

export interface Head {
  /** With a hidden layer, the last norm is behind the pooling. */
  norm?: Norm;
  pre_logits?: { fc: Linear };
  fc?: Linear;
}

export interface MaxViT {
  stem: Stem;
  stages: { blocks: Block[] }[];
  norm?: Norm;
  head: Head;
}

/** @throws VitrineError for an image size that windows and stages do not fit, with the nearest that they do. */
export function maxvitSpec(c: MaxViTConfig): Spec<MaxViT> {
  const { embedDim, depths } = c;
  for (const [name, list] of Object.entries({ depths, blockType: c.blockType }))
    if (list.length !== embedDim.length)
      throw refuse(`${name} has ${list.length} stages and embedDim ${embedDim.length}; give one value for each stage`);
  requireChoices(c);
  requireSize(c);
  const width = embedDim.at(-1)!;
  return {
    stem: stemSpec(c),
    stages: depths.map((_, i) => stageSpec(c, i)),
    ...(c.headHiddenSize ? {} : { norm: normSpec(c.transformerNormLayer, width) }),
    head: headSpec(c, width),
  } as Spec<MaxViT>;
}

function stemSpec(c: MaxViTConfig): Spec<Stem> {
  const [first, second] = pair(c.stemWidth);
  const layer = (from: number, to: number) =>
    convSpec(3, from, to, { bias: c.stemBias, init: convInit(c.weightInit, 9 * from) });
  return {
    conv1: layer(c.inChans, first),
    norm1: normSpec(c.convNormLayer, first),
    conv2: layer(first, second),
  } as Spec<Stem>;
}

function stageSpec(c: MaxViTConfig, stage: number): Spec<{ blocks: Block[] }> {
  const to = c.embedDim[stage]!;
  const before = stage === 0 ? pair(c.stemWidth)[1] : c.embedDim[stage - 1]!;
  const map = tableSize(c, stage);
  const blocks = blockKinds(c, stage).map((kind, i) =>
    i === 0
      ? blockSpec(c, { kind, from: before, to, stride: 2, map })
      : blockSpec(c, { kind, from: to, to, stride: 1, map }),
  );
  return { blocks } as Spec<{ blocks: Block[] }>;
}

function headSpec(c: MaxViTConfig, width: number): Spec<Head> {
  // The head keeps PyTorch's initial values.
  const layer = (from: number, to: number) =>
    linearSpec(from, to, { init: fanInUniform(from), biasInit: fanInUniform(from) });
  const hidden = c.headHiddenSize
    ? { norm: normSpec(c.transformerNormLayer, width), pre_logits: { fc: layer(width, c.headHiddenSize) } }
    : {};
  return {
    ...hidden,
    ...(c.numClasses > 0 ? { fc: layer(c.headHiddenSize || width, c.numClasses) } : {}),
  } as Spec<Head>;
}

/** The last stage's map, behind the norm where there is no hidden layer in the head. images: [B, H, W, C] → [B, H', W', D]. */
export function maxvitFeatures(c: MaxViTConfig, p: MaxViT, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  requireImage(c, [images.shape[1], images.shape[2]]);
  const rates = dropPathRates(
    c.dropPathRate,
    c.depths.reduce((sum, depth) => sum + depth, 0),
  );
  let passed = 0;
  let x = stem(c, p.stem, images, scope(mode, "stem")); //                                            [B, H/2, W/2, D]
  p.stages.forEach(({ blocks }, i) => {
    const inside = scope(mode, `stages.${i}`);
    const kinds = blockKinds(c, i);
    x = blocks.reduce((y, own, j) => {
      const options = { kind: kinds[j]!, stride: j === 0 ? 2 : 1, rate: rates[passed++]! };
      return block(c, own, y, scope(inside, `blocks.${j}`), options);
    }, x);
    tap(inside, x);
  });
  const at = scope(mode, "norm");
  return p.norm ? tap(at, norm(p.norm, x, at, c.transformerNormEps)) : x;
}

function stem(c: MaxViTConfig, p: Stem, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const padding = (stride: number) => c.convPadding || symmetricPadding(3, stride);
  const first = conv(p.conv1, images, { stride: 2, padding: padding(2) });
  return tap(mode, conv(p.conv2, normAct(c, p.norm1, first, scope(mode, "norm1")), { padding: padding(1) }));
}

/** Class scores. features: [B, H, W, D] → [B, classes], or with `preLogits` what the classifier reads. */
export function maxvitHead(
  c: MaxViTConfig,
  p: MaxViT,
  features: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const { head } = p;
  const [batch, height, width, dim] = features.shape as [number, number, number, number];
  const pooled = poolTokens(tf.reshape(features, [batch, height * width, dim]), c.globalPool, 0); //  [B, D]
  const normed = head.norm ? norm(head.norm, pooled, scope(mode, "head.norm"), c.transformerNormEps) : pooled;
  const hidden = head.pre_logits ? tf.tanh(linear(head.pre_logits.fc, normed)) : normed;
  const read = dropout(hidden, c.dropRate, scope(mode, "head.drop"));
  return options.preLogits || !head.fc ? read : linear(head.fc, read);
}

/** The stem's map and those of the stages. */
export function maxvitStages(c: MaxViTConfig): FeatureStage[] {
  const stages = c.embedDim.map((channels, i) => ({ path: `stages.${i}`, channels, stride: 4 * 2 ** i }));
  return [{ path: "stem", channels: pair(c.stemWidth)[1], stride: 2 }, ...stages];
}

/** timm's depth of a parameter: 0 for the stem, i + 1 for stage i and with the last the norm, then the head. */
export function maxvitDepth(c: MaxViTConfig, path: string): number {
  const stage = /^stages\.(\d+)\./.exec(path);
  if (stage) return Number(stage[1]) + 1;
  if (path.startsWith("stem.")) return 0;
  return path.startsWith("norm.") ? c.embedDim.length : c.embedDim.length + 1;
}
