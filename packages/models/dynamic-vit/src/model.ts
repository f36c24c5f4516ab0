// DynamicViT, Rao et al. 2021, https://arxiv.org/abs/2106.02034
//
// A plain vision transformer that drops tokens on its way: ahead of some blocks a predictor scores the patches that are
// left, and the least useful go. At inference they are gone, which saves their work; in training they are only masked.

import {
  adaptInputConv,
  adaptPositions,
  type BaseConfig,
  dropout,
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
  dropPathRates,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
  patchGrid,
  prependTokens,
  type TransformerBlock,
  type TransformerBlockConfig,
  transformerBlock,
  transformerBlockSpec,
  vitDepth,
  vitEncoderDefaults,
} from "@vitrine/core/layers";
import { maskedBlock } from "./masked-block.ts";
import { decide, keepBest, type Predictor, predictor, predictorScope, predictorSpec } from "./predictor.ts";

/** Arguments of the reference's `VisionTransformerDiffPruning`, in camel case. */
export interface DynamicViTConfig extends BaseConfig {
  patchSize: number;
  embedDim: number;
  depth: number;
  numHeads: number;
  mlpRatio: number;
  qkvBias: boolean;
  /** Width of a layer between the class token and the head; null for none. */
  representationSize: number | null;
  /** Blocks ahead of which tokens are dropped, from 0, in rising order. */
  pruningLoc: readonly number[];
  /** Share of all patches that is left there, one for each of `pruningLoc`. */
  tokenRatio: readonly number[];
  /** Dropout behind the positions and behind linear layers. */
  dropRate: number;
  dropPathRate: number;
}

export const defaults: DynamicViTConfig = {
  imgSize: 224,
  patchSize: 16,
  inChans: 3,
  numClasses: 1000,
  embedDim: 768,
  depth: 12,
  numHeads: 12,
  mlpRatio: 4,
  qkvBias: true,
  representationSize: null,
  pruningLoc: [3, 6, 9],
  tokenRatio: [0.7, 0.49, 0.343],
  dropRate: 0,
  dropPathRate: 0,
};

export interface DynamicViT {
  cls_token: tf.Tensor3D;
  pos_embed: tf.Tensor3D;
  patch_embed: PatchEmbed;
  blocks: TransformerBlock[];
  norm: LayerNorm;
  pre_logits?: { fc: Linear };
  head?: Linear;
  score_predictor: Predictor[];
}

/** What training sees of a batch. */
export interface DynamicViTOutput {
  /** [B, classes]. */
  logits: tf.Tensor2D;
  /** Patches after the last norm, those that have gone among them: [B, N, D]. */
  tokens: tf.Tensor3D;
  /** Ahead of each block of `pruningLoc`, 1 for each patch that is left: [B, N]. */
  decisions: tf.Tensor2D[];
}

const epsilon = 1e-6;

function blockConfig(c: DynamicViTConfig): TransformerBlockConfig {
  return { ...vitEncoderDefaults, ...c, normEps: epsilon, projDropRate: c.dropRate };
}

/** How many of `patches` are left ahead of the block that is number `index` in `pruningLoc`. */
export function patchesLeft(c: DynamicViTConfig, index: number, patches: number): number {
  return Math.trunc(patches * c.tokenRatio[index]!);
}

function check(c: DynamicViTConfig): void {
  const refuse = (message: string) => new VitrineError("dynamic-vit", message, { usage: true });
  const { pruningLoc, tokenRatio, depth, embedDim } = c;
  if (pruningLoc.length !== tokenRatio.length)
    throw refuse(`a tokenRatio for each of pruningLoc is expected: ${pruningLoc.length}, found ${tokenRatio.length}`);
  pruningLoc.forEach((at, i) => {
    if (!Number.isInteger(at) || at < 0 || at >= depth || at <= (pruningLoc[i - 1] ?? -1))
      throw refuse(`pruningLoc must be rising numbers of blocks, 0 to ${depth - 1}; found ${pruningLoc.join(", ")}`);
  });
  const [rows, columns] = patchGrid(c);
  tokenRatio.forEach((ratio, i) => {
    const left = patchesLeft(c, i, rows * columns);
    if (!(ratio <= (tokenRatio[i - 1] ?? 1)) || left < 1)
      throw refuse(
        `tokenRatio must fall from 1, and leave one of ${rows * columns} patches or more; found ${tokenRatio.join(", ")}`,
      );
  });
  if (embedDim % 4 !== 0) throw refuse(`embedDim must be a multiple of 4 for the predictors, found ${embedDim}`);
}

/** @throws VitrineError for an image that the patches do not tile, and for tokens that cannot be dropped so. */
export function dynamicVitSpec(c: DynamicViTConfig): Spec<DynamicViT> {
  check(c);
  const [rows, columns] = patchGrid(c);
  const dim = c.embedDim;
  const table = (entries: number) => param([1, entries, dim], truncNormal(0.02), { decay: false });
  const read = c.representationSize ?? dim;
  return {
    cls_token: table(1),
    pos_embed: table(1 + rows * columns),
    patch_embed: patchEmbedSpec(c.patchSize, c.inChans, dim),
    blocks: Array.from({ length: c.depth }, () => transformerBlockSpec(blockConfig(c))),
    norm: layerNormSpec(dim),
    ...(c.representationSize ? { pre_logits: { fc: linearSpec(dim, read) } } : {}),
    ...(c.numClasses > 0 ? { head: linearSpec(read, c.numClasses) } : {}),
    score_predictor: c.pruningLoc.map(() => predictorSpec(dim)),
  } as Spec<DynamicViT>;
}

/** Everything ahead of the blocks. images: [B, H, W, C] → [B, 1 + N, D]. */
function embed(c: DynamicViTConfig, p: DynamicViT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  const [height, width] = imageSize(c);
  const [, h, w] = images.shape;
  if (h !== height || w !== width) {
    const message = `an image of ${height}x${width} is expected, ${h}x${w} found`;
    throw new VitrineError("dynamic-vit", `${message}; resize it, or make the model with that imgSize`);
  }
  const patches = tap(scope(mode, "patch_embed"), patchEmbed(p.patch_embed, images));
  return dropout(prependTokens(patches, [p.cls_token], p.pos_embed), c.dropRate, scope(mode, "pos_drop"));
}

interface Encoded {
  /** After the last norm, class token first; the others as the mode leaves them. */
  tokens: tf.Tensor3D;
  /** In training. */
  decisions: tf.Tensor2D[];
}

const classToken = (x: tf.Tensor3D): tf.Tensor3D => tf.slice(x, [0, 0, 0], [-1, 1, -1]);
const patchesOf = (x: tf.Tensor3D): tf.Tensor3D => tf.slice(x, [0, 1, 0], [-1, -1, -1]);

/** The tokens, of which the last block gives the first `queries` alone where that is said. */
function encode(c: DynamicViTConfig, p: DynamicViT, images: tf.Tensor4D, mode: Mode, queries?: number): Encoded {
  const config = blockConfig(c);
  const rates = dropPathRates(c.dropPathRate, c.depth);
  let x = embed(c, p, images, mode);
  const count = x.shape[1] - 1;
  const everyone = () => tf.onesLike(tf.squeeze(tf.slice(x, [0, 0, 0], [-1, -1, 1]), [2]) as tf.Tensor2D);
  const decisions: tf.Tensor2D[] = [];
  let policy: tf.Tensor2D | undefined; //                                                               [B, 1 + N]

  p.blocks.forEach((block, i) => {
    const index = c.pruningLoc.indexOf(i);
    if (index !== -1) {
      const at = predictorScope(mode, index);
      const left = tf.slice(policy ?? everyone(), [0, 1], [-1, -1]);
      const scores = predictor(p.score_predictor[index]!, patchesOf(x), left, at);
      if (mode.training) {
        const decision = decide(scores, left, at);
        decisions.push(decision);
        policy = tf.pad2d(decision, [[0, 0], [1, 0]], 1); // biome-ignore format: one line
      } else x = tf.concat([classToken(x), keepBest(patchesOf(x), scores, patchesLeft(c, index, count))], 1);
    }
    const inside = scope(scope(mode, "blocks"), String(i));
    const options = { dropPath: rates[i]!, queries: i === c.depth - 1 ? queries : undefined };
    // As long as everyone is there, the mask's softmax is the plain one but for a millionth.
    x = policy
      ? maskedBlock(config, block, x, policy, inside, options)
      : transformerBlock(config, block, x, inside, options);
  });
  return { tokens: tap(scope(mode, "norm"), layerNorm(p.norm, x, epsilon)), decisions };
}

/** Class token and the patches that are left, best first; in training all of them. images: [B, H, W, C] → [B, 1 + n, D]. */
export function dynamicVitFeatures(c: DynamicViTConfig, p: DynamicViT, images: tf.Tensor4D, mode: Mode): tf.Tensor3D {
  return encode(c, p, images, mode).tokens;
}

/** Class scores. tokens: [B, 1 + n, D] → [B, classes], or what the head reads with `preLogits` or without classes. */
export function dynamicVitHead(
  _: DynamicViTConfig,
  p: DynamicViT,
  tokens: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const token = tf.squeeze(classToken(tokens as tf.Tensor3D), [1]) as tf.Tensor2D;
  const read = p.pre_logits ? tf.tanh(linear(p.pre_logits.fc, token)) : token;
  return options.preLogits || p.head === undefined ? read : linear(p.head, read);
}

/** Class scores from images, with only the class token sent through the rest of the last block. */
export function dynamicVitLogits(c: DynamicViTConfig, p: DynamicViT, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  return dynamicVitHead(c, p, encode(c, p, images, mode, 1).tokens, mode);
}

/** Logits, tokens and decisions of a training pass, for `dynamicVitLoss`. `mode` is a training mode. */
export function dynamicVitOutput(
  c: DynamicViTConfig,
  p: DynamicViT,
  images: tf.Tensor4D,
  mode: Mode,
): DynamicViTOutput {
  if (!mode.training) throw new VitrineError("dynamic-vit", "decisions are made in training; take trainingMode(key)");
  const { tokens, decisions } = encode(c, p, images, mode);
  return { logits: dynamicVitHead(c, p, tokens, mode), tokens: patchesOf(tokens), decisions };
}

/** A checkpoint for other channels or another image size. */
export function adaptDynamicViT(c: DynamicViTConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed.proj.weight", c.inChans, state, notes);
  adaptPositions("pos_embed", { prefix: 1 }, { prefix: 1, grid: patchGrid(c) }, state, notes);
  return state;
}

/** As in a plain vision transformer; a predictor lies with the block behind it. */
export function dynamicVitDepth(c: DynamicViTConfig, path: string): number {
  const index = /^score_predictor\.(\d+)\./.exec(path)?.[1];
  return index === undefined ? vitDepth(c, path) : c.pruningLoc[Number(index)]! + 1;
}
