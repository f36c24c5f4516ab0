// EfficientViT of Microsoft, Liu et al. 2023, https://arxiv.org/abs/2305.07027
//
// Stages whose blocks hold one layer of attention between perceptrons and depthwise convolutions; attention in groups that
// pass on what they found. Parameters carry timm's names. MIT's model of the same name is in model.ts.

import {
  adaptInputConv,
  dropout,
  type FeatureStage,
  type Mode,
  resampleGrid,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  zeros,
} from "@vitrine/core";
import {
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type ConvNorm,
  convNorm,
  convNormSpec,
  globalPool2d,
  type Linear,
  linear,
  linearSpec,
  makeDivisible,
  type SqueezeExcite,
  squeezeExcite,
  squeezeExciteSpec,
} from "@vitrine/core/layers";
import { type CascadedAttention, cascadedAttention, cascadedAttentionSpec } from "./cascaded-attention.ts";
import { type EfficientVitMsraConfig, type Stage, stagesOf } from "./config-msra.ts";

export interface ConvMlp {
  pw1: ConvNorm;
  pw2: ConvNorm;
}

export interface Block {
  dw0: { m: ConvNorm };
  ffn0: { m: ConvMlp };
  mixer: { m: { attn: CascadedAttention } };
  dw1: { m: ConvNorm };
  ffn1: { m: ConvMlp };
}

/** A depthwise convolution and a perceptron, each added to what came in. */
export type Local = [{ m: ConvNorm }, { m: ConvMlp }];

export interface Downsample {
  res1: Local;
  patchmerge: { conv1: ConvNorm; conv2: ConvNorm; se: SqueezeExcite; conv3: ConvNorm };
  res2: Local;
}

export interface EfficientVitMsra {
  patch_embed: { conv1: ConvNorm; conv2: ConvNorm; conv3: ConvNorm; conv4: ConvNorm };
  stages: { downsample?: Downsample; blocks: Block[] }[];
  head?: { bn: BatchNorm; linear: Linear };
}

const depthwise = (dim: number, normInit?: typeof zeros) =>
  convNormSpec(3, dim, dim, { groups: dim, ...(normInit ? { normInit } : {}) });

// Branches that are added start from nothing: the weight of their last norm is zero.
const convMlpSpec = (dim: number): Spec<ConvMlp> => ({
  pw1: convNormSpec(1, dim, 2 * dim),
  pw2: convNormSpec(1, 2 * dim, dim, { normInit: zeros }),
});

const localSpec = (dim: number): Spec<Local> => [{ m: depthwise(dim) }, { m: convMlpSpec(dim) }];

function downsampleSpec(from: number, to: number): Spec<Downsample> {
  const wide = 4 * from;
  return {
    res1: localSpec(from),
    patchmerge: {
      conv1: convNormSpec(1, from, wide),
      conv2: depthwise(wide),
      se: squeezeExciteSpec(wide, makeDivisible(wide / 4, 8, 0)),
      conv3: convNormSpec(1, wide, to),
    },
    res2: localSpec(to),
  };
}

function blockSpec({ dim, attention }: Stage): Spec<Block> {
  return {
    dw0: { m: depthwise(dim, zeros) },
    ffn0: { m: convMlpSpec(dim) },
    mixer: { m: { attn: cascadedAttentionSpec(attention) } },
    dw1: { m: depthwise(dim, zeros) },
    ffn1: { m: convMlpSpec(dim) },
  };
}

const pooledWidth = (c: EfficientVitMsraConfig) => c.embedDim.at(-1)! * (c.globalPool === "catavgmax" ? 2 : 1);

export function efficientVitMsraSpec(c: EfficientVitMsraConfig): Spec<EfficientVitMsra> {
  const stages = stagesOf(c);
  const [dim] = c.embedDim as [number];
  const [eighth, quarter, half] = [8, 4, 2].map((part) => Math.floor(dim / part)) as [number, number, number];
  const pooled = pooledWidth(c);
  return {
    patch_embed: {
      conv1: convNormSpec(3, c.inChans, eighth),
      conv2: convNormSpec(3, eighth, quarter),
      conv3: convNormSpec(3, quarter, half),
      conv4: convNormSpec(3, half, dim),
    },
    stages: stages.map((stage) => ({
      ...(stage.from === undefined ? {} : { downsample: downsampleSpec(stage.from, stage.dim) }),
      blocks: Array.from({ length: stage.depth }, () => blockSpec(stage)),
    })),
    ...(c.numClasses > 0 ? { head: { bn: batchNormSpec(pooled), linear: linearSpec(pooled, c.numClasses) } } : {}),
  } as Spec<EfficientVitMsra>;
}

/** images: [B, H, W, C] → [B, H/16, W/16, D], sizes rounded up. */
function patchEmbed(p: EfficientVitMsra["patch_embed"], images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const step = (name: keyof typeof p, x: tf.Tensor4D) => convNorm(p[name], x, scope(mode, name), { stride: 2 });
  const eighth = step("conv3", tf.relu(step("conv2", tf.relu(step("conv1", images)))));
  return tap(mode, step("conv4", tf.relu(eighth)));
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function convMlp(p: ConvMlp, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  return convNorm(p.pw2, convNorm(p.pw1, x, scope(mode, "pw1"), { activation: "relu" }), scope(mode, "pw2"));
}

/** x: [B, H, W, D] → [B, H, W, D]; `names` are of the convolution and of the perceptron. */
function local(p: Local, x: tf.Tensor4D, mode: Mode, [first, second]: readonly [string, string]): tf.Tensor4D {
  const near = tf.add<tf.Tensor4D>(x, convNorm(p[0].m, x, scope(mode, `${first}.m`)));
  return tf.add<tf.Tensor4D>(near, convMlp(p[1].m, near, scope(mode, `${second}.m`)));
}

/** x: [B, H, W, I] → [B, H/2, W/2, O], sizes rounded up. */
function downsample(p: Downsample, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const before = local(p.res1, x, scope(mode, "res1"), ["0", "1"]);
  const inside = (name: string) => scope(mode, `patchmerge.${name}`);
  const { conv1, conv2, se, conv3 } = p.patchmerge;
  const wide = convNorm(conv1, before, inside("conv1"), { activation: "relu" });
  const halved = convNorm(conv2, wide, inside("conv2"), { activation: "relu", stride: 2 });
  const merged = convNorm(conv3, squeezeExcite(se, halved), inside("conv3"));
  return tap(mode, local(p.res2, merged, scope(mode, "res2"), ["0", "1"]));
}

/** x: [B, H, W, D] → [B, H, W, D]. */
function block({ attention }: Stage, p: Block, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const before = local([p.dw0, p.ffn0], x, mode, ["dw0", "ffn0"]);
  const mixed = cascadedAttention(attention, p.mixer.m.attn, before, scope(mode, "mixer.m.attn"));
  return tap(mode, local([p.dw1, p.ffn1], tf.add<tf.Tensor4D>(before, mixed), mode, ["dw1", "ffn1"]));
}

/** The last stage's map. images: [B, H, W, C] → [B, H/64, W/64, D], sizes rounded up. */
export function efficientVitMsraFeatures(
  c: EfficientVitMsraConfig,
  p: EfficientVitMsra,
  images: tf.Tensor4D,
  mode: Mode,
): tf.Tensor4D {
  let x = patchEmbed(p.patch_embed, images, scope(mode, "patch_embed"));
  for (const [i, stage] of stagesOf(c).entries()) {
    const inside = scope(mode, `stages.${i}`);
    const { downsample: down, blocks } = p.stages[i]!;
    x = down ? downsample(down, x, scope(inside, "downsample")) : tap(scope(inside, "downsample"), x);
    for (const [j, own] of blocks.entries()) x = block(stage, own, x, scope(inside, `blocks.${j}`));
    tap(inside, x);
  }
  return x;
}

/** Class scores. features: [B, H, W, D] → [B, classes], or what the classifier reads with `preLogits`. */
export function efficientVitMsraHead(
  c: EfficientVitMsraConfig,
  { head }: EfficientVitMsra,
  features: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = globalPool2d(features as tf.Tensor4D, c.globalPool);
  if (options.preLogits || head === undefined) return pooled;
  const normed = batchNorm(head.bn, pooled, scope(mode, "head.bn"));
  return linear(head.linear, dropout(normed, c.dropRate, scope(mode, "head.drop")));
}

/** The maps of the stages. */
export function efficientVitMsraStages(c: EfficientVitMsraConfig): FeatureStage[] {
  return stagesOf(c).map(({ dim, stride }, i) => ({ path: `stages.${i}`, channels: dim, stride }));
}

/** A checkpoint for other channels, a headless one for a classifier, or one for an image so much smaller or larger that its windows are. */
export function adaptEfficientVitMsra(c: EfficientVitMsraConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.conv1.conv.weight", c.inChans, state, notes);
  for (const [i, { depth, attention }] of stagesOf(c).entries())
    for (let j = 0; j < depth; j++)
      resizeBiases(`stages.${i}.blocks.${j}.mixer.m.attn.attention_biases`, attention.window, state, notes);
  fitHeadNorm(c, state);
  return state;
}

/** The norm goes and comes with the classifier, which is replaced for another number of classes. */
function fitHeadNorm(c: EfficientVitMsraConfig, state: State): void {
  const width = pooledWidth(c);
  if (c.numClasses === 0) for (const key of [...state.keys()]) if (key.startsWith("head.bn.")) state.delete(key);
  if (c.numClasses === 0 || state.has("head.bn.weight")) return;
  for (const [name, value] of Object.entries({ weight: 1, bias: 0, running_mean: 0, running_var: 1 }))
    state.set(`head.bn.${name}`, { shape: [width], data: new Float32Array(width).fill(value) });
  state.set("head.bn.num_batches_tracked", { shape: [], data: new Int32Array(1) });
}

/** Bicubic with antialias, as timm's `resize_rel_pos_bias_table_levit`. Table: [heads, w·w]. */
function resizeBiases(key: string, window: number, state: State, notes: string[]): void {
  const table = state.get(key);
  const [heads, entries] = (table?.shape ?? []) as [number, number];
  const side = Math.round(Math.sqrt(entries));
  if (table === undefined || side === window || side * side !== entries) return;
  const resized = tf.tidy(() => {
    const byPlace = tf.transpose(tf.tensor2d(table.data as Float32Array, [heads, entries])) as tf.Tensor2D;
    return tf.transpose(resampleGrid(byPlace, [side, side], [window, window]));
  });
  state.set(key, { shape: [heads, window * window], data: resized.dataSync<"float32">() });
  resized.dispose();
  notes.push(`${key}: distances in windows of ${side}x${side} resampled to ${window}x${window}`);
}

/** timm's order: stem, blocks one by one (a stage's first with what halves the map ahead of it), head. */
export function efficientVitMsraDepth(c: EfficientVitMsraConfig, path: string): number {
  const found = /^stages\.(\d+)\.(?:blocks\.(\d+)|downsample)\./.exec(path);
  const before = (stage: number) => c.depth.slice(0, stage).reduce((sum, depth) => sum + depth, 1);
  if (found) return before(Number(found[1])) + Number(found[2] ?? 0);
  return path.startsWith("patch_embed.") ? 0 : before(c.depth.length);
}
