// GroupMamba, Shaker et al. 2024, https://arxiv.org/abs/2407.13772
//
// Stages of blocks that scan the map (layer.ts), each followed by a perceptron that also looks at neighbours. The mean of the
// last map goes through one more block, and two heads read it: one learns from labels, one from a teacher.

import {
  adaptInputConv,
  type BaseConfig,
  dropPath,
  type FeatureStage,
  gelu,
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
  depthwiseConv,
  depthwiseConvSpec,
  dropPathRates,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type Mlp,
  mlp,
  mlpSpec,
  pointwiseConv,
} from "@vitrine/core/layers";
import { convInit } from "./init.ts";
import { fewestChannels, type GroupMambaLayer, groupMambaLayer, groupMambaLayerSpec } from "./layer.ts";

/** The reference's arguments of `GroupMamba`, in camel case. */
export interface GroupMambaConfig extends BaseConfig {
  stemHiddenDim: number;
  /** Channels of each stage. */
  embedDims: readonly number[];
  /** Width of a perceptron's hidden layer over its stage's channels. */
  mlpRatios: readonly number[];
  /** Blocks of each stage. */
  depths: readonly number[];
  numStages: number;
  /** Chance that the last block's branches are skipped in training; earlier blocks scale down to 0. */
  dropPathRate: number;
  /** A second head, that learns from a teacher; the mean of both answers. */
  distillation: boolean;
  /** Of the blocks' norms and those behind stages; all others have PyTorch's 1e-5. */
  normEps: number;
}

export const defaults: GroupMambaConfig = {
  imgSize: 224,
  inChans: 3,
  numClasses: 1000,
  stemHiddenDim: 32,
  embedDims: [64, 128, 348, 448],
  mlpRatios: [8, 8, 4, 4],
  depths: [3, 4, 9, 3],
  numStages: 4,
  dropPathRate: 0,
  distillation: true,
  normEps: 1e-6,
};

/** Three convolutions, the first of stride 2, then one of stride 2 that gives the tokens. */
interface Stem {
  conv: { 0: Conv; 1: BatchNorm; 3: Conv; 4: BatchNorm; 6: Conv; 7: BatchNorm };
  proj: Conv;
  norm: LayerNorm;
}

interface DownSample {
  proj: Conv;
  norm: LayerNorm;
}

interface Block {
  norm2: LayerNorm;
  attn: GroupMambaLayer;
  mlp: Mlp & { dwconv: { dwconv: Conv } };
}

interface ClassBlock {
  norm1: LayerNorm;
  norm2: LayerNorm;
  attn: GroupMambaLayer;
  mlp: Mlp;
}

type Stages = { [K in `patch_embed${number}`]: Stem | DownSample } & { [K in `block${number}`]: Block[] } & {
  [K in `norm${number}`]: LayerNorm;
};

export interface GroupMamba extends Stages {
  post_network: ClassBlock[];
  head?: Linear;
  dist_head?: Linear;
}

const embedEps = 1e-5;

export function groupMambaSpec(c: GroupMambaConfig): Spec<GroupMamba> {
  requirePossible(c);
  const stages = c.embedDims.flatMap((dim, i) => [
    [`patch_embed${i + 1}`, i === 0 ? stemSpec(c) : downSampleSpec(c.embedDims[i - 1]!, dim)],
    [`block${i + 1}`, Array.from({ length: c.depths[i]! }, () => blockSpec(dim, c.mlpRatios[i]!))],
    [`norm${i + 1}`, layerNormSpec(dim)],
  ]);
  const dim = c.embedDims.at(-1)!;
  const head = () => linearSpec(dim, c.numClasses);
  return {
    ...Object.fromEntries(stages),
    post_network: [classBlockSpec(dim, c.mlpRatios.at(-1)!)],
    ...(c.numClasses > 0 ? { head: head() } : {}),
    ...(c.numClasses > 0 && c.distillation ? { dist_head: head() } : {}),
  } as Spec<GroupMamba>;
}

function requirePossible({ embedDims, mlpRatios, depths, numStages }: GroupMambaConfig): void {
  const refuse = (message: string) => new VitrineError("groupmamba", message, { usage: true });
  for (const [name, list] of Object.entries({ embedDims, mlpRatios, depths }))
    if (list.length !== numStages)
      throw refuse(`${name} must have an entry for each of ${numStages} stages (numStages), found ${list.length}`);
  for (const dim of embedDims)
    if (dim % 4 !== 0 || dim < fewestChannels)
      throw refuse(`embedDims must be multiples of 4, at least ${fewestChannels}, found ${dim}`);
}

function stemSpec({ inChans, stemHiddenDim: hidden, embedDims }: GroupMambaConfig): Spec<Stem> {
  const inner = () => convSpec(3, hidden, hidden, { bias: false, ...convInit(3, hidden) });
  return {
    conv: {
      0: convSpec(7, inChans, hidden, { bias: false, ...convInit(7, hidden) }),
      1: batchNormSpec(hidden),
      3: inner(),
      4: batchNormSpec(hidden),
      6: inner(),
      7: batchNormSpec(hidden),
    },
    ...downSampleSpec(hidden, embedDims[0]!),
  };
}

function downSampleSpec(from: number, to: number): Spec<DownSample> {
  return { proj: convSpec(3, from, to, convInit(3, to)), norm: layerNormSpec(to) };
}

function blockSpec(dim: number, ratio: number): Spec<Block> {
  const hidden = Math.trunc(dim * ratio);
  const dwconv = { dwconv: depthwiseConvSpec(3, hidden, convInit(3, 1)) };
  return { norm2: layerNormSpec(dim), attn: groupMambaLayerSpec(dim), mlp: { ...mlpSpec(dim, hidden), dwconv } };
}

function classBlockSpec(dim: number, ratio: number): Spec<ClassBlock> {
  const norms = { norm1: layerNormSpec(dim), norm2: layerNormSpec(dim) };
  return { ...norms, attn: groupMambaLayerSpec(dim), mlp: mlpSpec(dim, Math.trunc(dim * ratio)) };
}

/** What the heads read. images: [B, H, W, C] → [B, D]. */
export function groupMambaFeatures(c: GroupMambaConfig, p: GroupMamba, images: tf.Tensor4D, mode: Mode): tf.Tensor2D {
  const rates = dropPathRates(
    c.dropPathRate,
    c.depths.reduce((sum, n) => sum + n, 0),
  );
  const inside = (name: string) => scope(mode, name);
  let x = images;
  c.depths.forEach((_, i) => {
    const name = `patch_embed${i + 1}` as const;
    x = i === 0 ? stem(p[name] as Stem, x, inside(name)) : downSample(p[name]!, x, inside(name));
    p[`block${i + 1}`]!.forEach((one, j) => {
      x = block(c, one, x, inside(`block${i + 1}.${j}`), rates.shift()!);
    });
    const last = i === c.numStages - 1;
    tap(inside(`block${i + 1}`), x);
    if (!last) x = tap(inside(`norm${i + 1}`), layerNorm(p[`norm${i + 1}`]!, x, c.normEps));
  });
  let token = tf.mean(x, [1, 2], true) as tf.Tensor4D; //                                 [B, 1, 1, D]
  p.post_network.forEach((one, i) => {
    token = classBlock(c, one, token, inside(`post_network.${i}`));
  });
  const read = tf.squeeze(token, [1, 2]) as tf.Tensor2D; //                               [B, D]
  return tap(inside(`norm${c.numStages}`), layerNorm(p[`norm${c.numStages}`]!, read, c.normEps));
}

/** [B, H, W, C] → [B, ⌈⌈H/2⌉/2⌉, ⌈⌈W/2⌉/2⌉, D]. */
function stem(p: Stem, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const inside = scope(mode, "conv");
  const unit = (filter: Conv, norm: BatchNorm, name: string, x: tf.Tensor4D, padding: number, stride: number) =>
    tf.relu(batchNorm(norm, conv(filter, x, { stride, padding }), scope(inside, name)));
  let x = unit(p.conv[0], p.conv[1], "1", images, 3, 2);
  x = unit(p.conv[3], p.conv[4], "4", x, 1, 1);
  x = unit(p.conv[6], p.conv[7], "7", x, 1, 1);
  return downSample(p, x, mode);
}

/** x: [B, H, W, C] → [B, ⌈H/2⌉, ⌈W/2⌉, D]. */
function downSample(p: DownSample, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  return tap(mode, layerNorm(p.norm, conv(p.proj, x, { stride: 2, padding: 1 }), embedEps));
}

/** x: [B, H, W, C] → [B, H, W, C]. */
function block(c: GroupMambaConfig, p: Block, x: tf.Tensor4D, mode: Mode, rate: number): tf.Tensor4D {
  const scanned = groupMambaLayer(p.attn, x, scope(mode, "attn"));
  const middle: tf.Tensor4D = tf.add(x, dropPath(scanned, rate, mode, "drop_path1"));
  const thought = tap(scope(mode, "mlp"), convMlp(p.mlp, layerNorm(p.norm2, middle, c.normEps)));
  return tap(mode, tf.add(middle, dropPath(thought, rate, mode, "drop_path2")));
}

/** A perceptron with a look at the neighbours in the middle. x: [B, H, W, C] → [B, H, W, C]. */
function convMlp(p: Block["mlp"], x: tf.Tensor4D): tf.Tensor4D {
  const hidden = depthwiseConv(p.dwconv.dwconv, pointwiseConv(p.fc1, x), { padding: 1 });
  return pointwiseConv(p.fc2, gelu(hidden));
}

/** x: [B, 1, 1, D] → [B, 1, 1, D]. */
function classBlock(c: GroupMambaConfig, p: ClassBlock, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const scanned = groupMambaLayer(p.attn, x, scope(mode, "attn"));
  const middle = tf.add(x, layerNorm(p.norm1, scanned, c.normEps)) as tf.Tensor4D;
  return tap(
    mode,
    tf.add(middle, mlp(p.mlp, layerNorm(p.norm2, middle, c.normEps), scope(mode, "mlp"))) as tf.Tensor4D,
  );
}

/** Class scores, of two heads the mean. features: [B, D] → [B, classes], or [B, D] with `preLogits` or without classes. */
export function groupMambaHead(
  _c: GroupMambaConfig,
  p: GroupMamba,
  features: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const read = features as tf.Tensor2D;
  if (options.preLogits || p.head === undefined) return read;
  const [first, second] = scores(p, read);
  return second === undefined ? first! : tf.mul(tf.add(first!, second), 0.5);
}

/** Logits of the head that learns from labels and, with `distillation`, of the one that learns from a teacher. */
export function groupMambaHeads(c: GroupMambaConfig, p: GroupMamba, images: tf.Tensor4D, mode: Mode): tf.Tensor2D[] {
  return scores(p, groupMambaFeatures(c, p, images, mode));
}

function scores(p: GroupMamba, read: tf.Tensor2D): tf.Tensor2D[] {
  const heads = [p.head, p.dist_head].filter((head) => head !== undefined);
  return heads.length === 0 ? [read] : heads.map((head) => linear(head, read));
}

/** The normed map of each stage, of the last one as its blocks leave it: its norm is behind the mean. */
export function groupMambaStages(c: GroupMambaConfig): FeatureStage[] {
  return c.embedDims.map((channels, i) => {
    const path = i === c.numStages - 1 ? `block${i + 1}` : `norm${i + 1}`;
    return { path, channels, stride: 4 * 2 ** i };
  });
}

/** A checkpoint for other channels. */
export function adaptGroupMamba(c: GroupMambaConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("patch_embed1.conv.0.weight", c.inChans, state, notes);
  return state;
}

/** The stem, each block (the first of a stage with the way there, the last with its norm), the block behind, the heads. */
export function groupMambaDepth(c: GroupMambaConfig, path: string): number {
  const before = (stage: number) => c.depths.slice(0, stage - 1).reduce((sum, n) => sum + n, 0);
  const total = before(c.numStages + 1);
  const found = /^(patch_embed|block|norm)(\d+)\.(\d+)?/.exec(path);
  if (found === null) return path.startsWith("post_network.") ? total + 1 : total + 2;
  const [, part, stage, index] = found;
  if (part === "patch_embed") return stage === "1" ? 0 : before(Number(stage)) + 1;
  if (part === "block") return before(Number(stage)) + Number(index) + 1;
  return Number(stage) === c.numStages ? total + 1 : before(Number(stage) + 1);
}
