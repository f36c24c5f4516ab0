// CvT, the convolutional vision transformer, Wu et al. 2021, https://arxiv.org/abs/2103.15808
//
// Stages of transformer layers, each behind a strided convolution that makes fewer and wider tokens. Convolutions say where
// tokens are, so there is no position table, and images may be of any size. Parameters carry the names of transformers'
// checkpoints.

import {
  adaptInputConv,
  type BaseConfig,
  dropout,
  type FeatureStage,
  imageSize,
  type Mode,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  truncNormal,
  VitrineError,
} from "@vitrine/core";
import {
  type Conv,
  conv,
  convSpec,
  dropPathRates,
  type Grid,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  prependTokens,
} from "@vitrine/core/layers";
import {
  classToken,
  classTokenSpec,
  epsilon,
  type Layer,
  type LayerConfig,
  layer,
  layerSpec,
  otherTokens,
} from "./layer.ts";

/** Transformers' `CvtConfig` in camel case; each list has an entry a stage. */
export interface CvTConfig extends BaseConfig {
  /** The convolutions ahead of the stages. */
  patchSizes: readonly number[];
  patchStride: readonly number[];
  patchPadding: readonly number[];
  embedDim: readonly number[];
  numHeads: readonly number[];
  depth: readonly number[];
  mlpRatio: readonly number[];
  attentionDropRate: readonly number[];
  dropRate: readonly number[];
  /** Chance that the last layer of a stage is skipped in training; the stage's earlier layers less, the first never. */
  dropPathRate: readonly number[];
  qkvBias: readonly boolean[];
  /** Stages with a class token. The head reads the last one's, or the mean of the tokens where it has none. */
  clsToken: readonly boolean[];
  /** How queries, keys and values see their tokens: by a depthwise convolution and batch norm. */
  qkvProjectionMethod: readonly "dw_bn"[];
  kernelQkv: readonly number[];
  paddingKv: readonly number[];
  strideKv: readonly number[];
  paddingQ: readonly number[];
  strideQ: readonly number[];
  initializerRange: number;
}

export const defaults: CvTConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  patchSizes: [7, 3, 3],
  patchStride: [4, 2, 2],
  patchPadding: [2, 1, 1],
  embedDim: [64, 192, 384],
  numHeads: [1, 3, 6],
  depth: [1, 2, 10],
  mlpRatio: [4, 4, 4],
  attentionDropRate: [0, 0, 0],
  dropRate: [0, 0, 0],
  dropPathRate: [0, 0, 0.1],
  qkvBias: [true, true, true],
  clsToken: [false, false, true],
  qkvProjectionMethod: ["dw_bn", "dw_bn", "dw_bn"],
  kernelQkv: [3, 3, 3],
  paddingKv: [1, 1, 1],
  strideKv: [2, 2, 2],
  paddingQ: [1, 1, 1],
  strideQ: [1, 1, 1],
  initializerRange: 0.02,
};

export interface StageParams {
  cls_token?: tf.Tensor3D;
  embedding: { convolution_embeddings: { projection: Conv; normalization: LayerNorm } };
  layers: Layer[];
}

export interface CvT {
  cvt: { encoder: { stages: StageParams[] } };
  layernorm: LayerNorm;
  classifier?: Linear;
}

/** Lists with an entry a stage. */
const lists = Object.entries(defaults).flatMap(([name, value]) =>
  Array.isArray(value) && name !== "imgSize" ? [name] : [],
);

function layerConfig(c: CvTConfig, stage: number): LayerConfig {
  return {
    embedDim: c.embedDim[stage]!,
    numHeads: c.numHeads[stage]!,
    mlpRatio: c.mlpRatio[stage]!,
    qkvBias: c.qkvBias[stage]!,
    kernelQkv: c.kernelQkv[stage]!,
    paddingKv: c.paddingKv[stage]!,
    strideKv: c.strideKv[stage]!,
    paddingQ: c.paddingQ[stage]!,
    strideQ: c.strideQ[stage]!,
    dropRate: c.dropRate[stage]!,
    attentionDropRate: c.attentionDropRate[stage]!,
    initializerRange: c.initializerRange,
    clsToken: c.clsToken[stage]!,
  };
}

/** Rows and columns of a stage's tokens. @throws VitrineError where nothing of the image is left. */
export function stageGrid(c: CvTConfig, [height, width]: Grid, stage: number): Grid {
  const after = (side: number, i: number) =>
    Math.floor((side + 2 * c.patchPadding[i]! - c.patchSizes[i]!) / c.patchStride[i]!) + 1;
  const side = (from: number) => c.depth.slice(0, stage + 1).reduce((size, _, i) => after(size, i), from);
  const grid = [side(height), side(width)] as const;
  if (grid[0] >= 1 && grid[1] >= 1) return grid;
  let least = 1;
  while (side(least) < 1) least++;
  const found = `${height}x${width}`;
  const message = `an image of ${found} leaves nothing for stage ${stage}; the smallest is ${least}x${least}`;
  throw new VitrineError("cvt", message, { usage: true });
}

function check(c: CvTConfig): void {
  const refuse = (message: string) => new VitrineError("cvt", message, { usage: true });
  const count = c.depth.length;
  for (const name of lists) {
    const found = (c as unknown as Record<string, readonly unknown[]>)[name]!.length;
    if (found !== count) throw refuse(`depth has ${count} stages, ${name} has ${found}; an entry each is expected`);
  }
  c.clsToken.forEach((has, i) => {
    if (has && c.embedDim[i] !== c.embedDim.at(-1))
      throw refuse(
        `a class token is as wide as the last stage, so stage ${i} cannot have one; set clsToken[${i}] false`,
      );
  });
  const method = c.qkvProjectionMethod.find((name) => name !== "dw_bn");
  if (method) throw refuse(`qkvProjectionMethod "${method}" has no published model; take "dw_bn"`);
  stageGrid(c, imageSize(c), count - 1);
}

/** @throws VitrineError for lists of different lengths, and for options that do not go together. */
export function cvtSpec(c: CvTConfig): Spec<CvT> {
  check(c);
  const init = truncNormal(c.initializerRange);
  const last = c.embedDim.at(-1)!;
  const stages = c.depth.map((depth, i) => {
    const from = i === 0 ? c.inChans : c.embedDim[i - 1]!;
    const to = c.embedDim[i]!;
    const projection = { ...convSpec(c.patchSizes[i]!, from, to, { bias: false, init }), bias: param([to]) };
    return {
      ...(c.clsToken[i] ? { cls_token: classTokenSpec(last, c.initializerRange) } : {}),
      embedding: { convolution_embeddings: { projection, normalization: layerNormSpec(to) } },
      layers: Array.from({ length: depth }, () => layerSpec(layerConfig(c, i))),
    };
  });
  return {
    cvt: { encoder: { stages } },
    layernorm: layerNormSpec(last),
    ...(c.numClasses > 0 ? { classifier: linearSpec(last, c.numClasses, { init }) } : {}),
  } as Spec<CvT>;
}

const stagePath = (i: number) => `cvt.encoder.stages.${i}`;

/** The feature maps, as `featureMaps` gives them. */
export function cvtStages(c: CvTConfig): FeatureStage[] {
  let stride = 1;
  return c.embedDim.map((channels, i) => {
    stride *= c.patchStride[i]!;
    return { path: stagePath(i), channels, stride };
  });
}

/** map: [B, H, W, C] → tokens of the stage, class token first where it has one, and their grid. */
function embed(c: CvTConfig, p: StageParams, map: tf.Tensor4D, mode: Mode, i: number): [tf.Tensor3D, Grid] {
  const { projection, normalization } = p.embedding.convolution_embeddings;
  const cut = conv(projection, map, { stride: c.patchStride[i]!, padding: c.patchPadding[i]! });
  const [batch, height, width, dim] = cut.shape;
  const tokens = tf.reshape(layerNorm(normalization, cut, epsilon), [batch, height * width, dim]) as tf.Tensor3D;
  const kept = dropout(tokens, c.dropRate[i]!, scope(mode, "embedding"));
  return [p.cls_token ? prependTokens(kept, [p.cls_token]) : kept, [height, width]];
}

/** Tokens of the last stage; only its class token with `classOnly`. */
function encode(c: CvTConfig, p: CvT, images: tf.Tensor4D, mode: Mode, classOnly: boolean): tf.Tensor3D {
  const { stages } = p.cvt.encoder;
  stageGrid(c, [images.shape[1], images.shape[2]], stages.length - 1);
  let map = images;
  let tokens: tf.Tensor3D | undefined;
  stages.forEach((stage, i) => {
    const inside = scope(mode, stagePath(i));
    const [embedded, grid] = embed(c, stage, map, inside, i);
    // Rising within a stage and of branches alone, as in the authors' code. Transformers gives all layers of stage i the rate
    // of layer i, and drops the sum with what the second branch is added to.
    const rates = dropPathRates(c.dropPathRate[i]!, stage.layers.length);
    const config = layerConfig(c, i);
    let x = embedded;
    stage.layers.forEach((one, j) => {
      const only = classOnly && i === stages.length - 1 && j === stage.layers.length - 1;
      x = layer(config, one, x, grid, scope(scope(inside, "layers"), String(j)), {
        dropPath: rates[j]!,
        classOnly: only,
      });
    });
    tokens = x;
    if (classOnly && i === stages.length - 1) return;
    const patches = config.clsToken ? otherTokens(x) : x;
    map = tap(inside, tf.reshape(patches, [x.shape[0], grid[0], grid[1], x.shape[2]]) as tf.Tensor4D);
  });
  return tokens!;
}

/** Tokens of the last stage, class token first where it has one. images: [B, H, W, C] → [B, 1 + N, D]. */
export function cvtFeatures(c: CvTConfig, p: CvT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return encode(c, p, images, mode, false);
}

/** Class scores. tokens: [B, 1 + N, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function cvtHead(
  c: CvTConfig,
  p: CvT,
  tokens: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const read = c.clsToken.at(-1) ? classToken(tokens as tf.Tensor3D) : (tokens as tf.Tensor3D);
  const normed = tap(scope(mode, "layernorm"), layerNorm(p.layernorm, read, epsilon));
  const pooled = tf.mean(normed, 1) as tf.Tensor2D; //                                                  [B, D]
  return options.preLogits || p.classifier === undefined ? pooled : linear(p.classifier, pooled);
}

/** Class scores from images, with only the class token sent through the rest of the last layer where only it is read. */
export function cvtLogits(c: CvTConfig, p: CvT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  return cvtHead(c, p, encode(c, p, images, mode, c.clsToken.at(-1)!), mode);
}

/** A checkpoint for other channels; nothing in it depends on the image's size. */
export function adaptCvT(c: CvTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv(`${stagePath(0)}.embedding.convolution_embeddings.projection.weight`, c.inChans, state, notes);
  return state;
}

/** Each stage's embedding and each of its layers, in their order; the last norm with the last layer; then the classifier. */
export function cvtDepth(c: CvTConfig, path: string): number {
  const before = (stage: number) => c.depth.slice(0, stage).reduce((sum, depth) => sum + depth + 1, 0);
  const all = before(c.depth.length);
  const [, stage, index] = /^cvt\.encoder\.stages\.(\d+)\.(?:layers\.(\d+)\.)?/.exec(path) ?? [];
  if (stage === undefined) return path.startsWith("layernorm.") ? all - 1 : all;
  return before(Number(stage)) + (index === undefined ? 0 : Number(index) + 1);
}
