// RDNet, Kim et al. 2024, https://arxiv.org/abs/2403.19588: a DenseNet made of ConvNeXt's blocks. Each block sees all features
// of its stage so far and adds a few; between stages a transition mixes them and keeps a share.

import {
  adaptInputConv,
  type BaseConfig,
  constant,
  dropout,
  dropPath,
  type FeatureStage,
  fanInUniform,
  type Initializer,
  type Mode,
  normal,
  param,
  type Spec,
  type State,
  scope,
  tap,
  tf,
} from "@vitrine/core";
import {
  type Activation,
  activations,
  type Conv,
  conv,
  convSpec,
  depthwiseConv,
  depthwiseConvSpec,
  type EffectiveSqueezeExcite,
  effectiveSqueezeExcite,
  effectiveSqueezeExciteSpec,
  type GlobalPool,
  globalPool2d,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  makeDivisible,
  pixelLinear,
  pixelLinearSpec,
} from "@vitrine/core/layers";
import { type StagePlan, stagesOf } from "./plan.ts";

/** timm's arguments of `RDNet`, in camel case. */
export interface RDNetConfig extends BaseConfig {
  globalPool: Exclude<GlobalPool, "catavgmax">;
  /** Features that a block adds, by stage. */
  growthRates: readonly number[];
  /** Blocks of each stage. */
  numBlocksList: readonly number[];
  /** Whether a stage's blocks end with a gate over their channels (`BlockESE`). */
  blockType: readonly ("Block" | "BlockESE")[];
  /** Whether the transition ahead of a stage halves the image; of the first there is none. */
  isDownsampleBlock: readonly (boolean | null)[];
  /** Width inside a block, in widths of what it sees. */
  bottleneckWidthRatio: number;
  /** Share of the features that a transition keeps. */
  transitionCompressionRatio: number;
  /** Initial scale of what a block adds; 0 for no scale. */
  lsInitValue: number;
  /** Patches side by side; or two striding convolutions, of one width or a growing one. */
  stemType: "patch" | "overlap" | "overlap_tiered";
  patchSize: number;
  numInitFeatures: number;
  headInitScale: number;
  /** The norm stands ahead of the pooling, not behind it. */
  headNormFirst: boolean;
  /** Biases of the stem. */
  convBias: boolean;
  actLayer: Activation;
  /** Default 1e-6. */
  normEps: number | null;
  dropRate: number;
  /** Dropout of what a block adds. */
  projDropRate: number;
  dropPathRate: number;
}

export const defaults: RDNetConfig = {
  numClasses: 1000,
  imgSize: 224,
  inChans: 3,
  globalPool: "avg",
  growthRates: [64, 104, 128, 128, 128, 128, 224],
  numBlocksList: [3, 3, 3, 3, 3, 3, 3],
  blockType: ["Block", "Block", "BlockESE", "BlockESE", "BlockESE", "BlockESE", "BlockESE"],
  isDownsampleBlock: [null, true, true, false, false, false, true],
  bottleneckWidthRatio: 4,
  transitionCompressionRatio: 0.5,
  lsInitValue: 1e-6,
  stemType: "patch",
  patchSize: 4,
  numInitFeatures: 64,
  headInitScale: 1,
  headNormFirst: false,
  convBias: true,
  actLayer: "gelu",
  normEps: null,
  dropRate: 0,
  projDropRate: 0,
  dropPathRate: 0,
};

/** Positions of timm's sequential modules; the activation between the last two convolutions has no parameters. */
interface DenseBlock {
  gamma?: tf.Tensor1D;
  layers: { layers: { 0: Conv; 1: LayerNorm; 2: Conv; 4: Conv; 5?: EffectiveSqueezeExcite } };
}

type DenseBlocks = { [block: `dense_block${number}`]: DenseBlock };

/** The first stage is its blocks alone; others have a norm and a convolution ahead. */
type Stage = [DenseBlocks] | [LayerNorm, Conv, DenseBlocks];

type Stem = [Conv, LayerNorm] | [Conv, Conv, LayerNorm];

export interface RDNet {
  stem: Stem;
  dense_stages: Stage[];
  norm_pre?: LayerNorm;
  head: { norm?: LayerNorm; fc?: Linear };
}

/** He's initial values by the number of inputs for the weight, PyTorch's usual ones for the bias. */
function heInit(fanIn: number): { init: Initializer; biasInit: Initializer } {
  return { init: normal(Math.sqrt(2 / fanIn)), biasInit: fanInUniform(fanIn) };
}

const heConvSpec = (kernel: number, from: number, to: number, bias = true): Spec<Conv> =>
  convSpec(kernel, from, to, { bias, ...heInit(kernel * kernel * from) });

const hePixelSpec = (from: number, to: number): Spec<Conv> => pixelLinearSpec(from, to, heInit(from));

export function rdnetSpec(c: RDNetConfig): Spec<RDNet> {
  const stages = stagesOf(c);
  const features = stages.at(-1)!.out;
  const classes = fanInUniform(features);
  const init: Initializer = (shape, rng) => classes(shape, rng).map((v) => v * c.headInitScale);
  return {
    stem: stemSpec(c),
    dense_stages: stages.map((plan, i) =>
      i === 0
        ? [stageSpec(c, plan)]
        : [
            layerNormSpec(plan.from),
            plan.halves ? heConvSpec(2, plan.from, plan.kept) : hePixelSpec(plan.from, plan.kept),
            stageSpec(c, plan),
          ],
    ),
    ...(c.headNormFirst ? { norm_pre: layerNormSpec(features) } : {}),
    head: {
      ...(c.headNormFirst ? {} : { norm: layerNormSpec(features) }),
      ...(c.numClasses > 0 ? { fc: linearSpec(features, c.numClasses, { init }) } : {}),
    },
  } as Spec<RDNet>;
}

function stemSpec(c: RDNetConfig): Spec<Stem> {
  const width = c.numInitFeatures;
  const norm = layerNormSpec(width);
  if (c.stemType === "patch") return [heConvSpec(c.patchSize, c.inChans, width, c.convBias), norm];
  const middle = c.stemType === "overlap" ? width : makeDivisible(Math.floor(width / 2));
  return [heConvSpec(3, c.inChans, middle, c.convBias), heConvSpec(3, middle, width, c.convBias), norm];
}

function stageSpec(c: RDNetConfig, plan: StagePlan): Spec<DenseBlocks> {
  const blocks = Array.from({ length: plan.blocks }, (_, i) => {
    const seen = plan.kept + i * plan.growth;
    const inner = Math.trunc((seen * c.bottleneckWidthRatio) / 8) * 8;
    const layers = {
      0: depthwiseConvSpec(7, seen, heInit(49)),
      1: layerNormSpec(seen),
      2: hePixelSpec(seen, inner),
      4: hePixelSpec(inner, plan.growth),
      ...(plan.gated ? { 5: effectiveSqueezeExciteSpec(plan.growth, heInit(plan.growth)) } : {}),
    };
    const gamma = c.lsInitValue > 0 ? { gamma: param([plan.growth], constant(c.lsInitValue)) } : {};
    return [`dense_block${i}`, { ...gamma, layers: { layers } }];
  });
  return Object.fromEntries(blocks);
}

const epsilon = (c: RDNetConfig) => c.normEps ?? 1e-6;

/** All features of the last stage. images: [B, H, W, C] → [B, H / 32, W / 32, D]. */
export function rdnetFeatures(c: RDNetConfig, p: RDNet, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  let x = tap(scope(mode, "stem"), stem(c, p.stem, images)); //                     [B, H / 4, W / 4, numInitFeatures]
  stagesOf(c).forEach((plan, i) => {
    const inner = scope(scope(mode, "dense_stages"), String(i));
    const stage = p.dense_stages[i]!;
    const [kept, blocks] = stage.length === 1 ? [x, stage[0]] : [transition(c, plan, stage[0], stage[1], x), stage[2]];
    x = tap(inner, denseStage(c, plan, blocks, kept, scope(inner, String(stage.length - 1))));
  });
  return tap(scope(mode, "norm_pre"), p.norm_pre ? layerNorm(p.norm_pre, x, epsilon(c)) : x);
}

function stem(c: RDNetConfig, p: Stem, images: tf.Tensor4D): tf.Tensor4D {
  if (p.length === 2) return layerNorm(p[1], conv(p[0], images, { stride: c.patchSize }), epsilon(c));
  const half = conv(p[0], images, { stride: 2, padding: 1 });
  return layerNorm(p[2], conv(p[1], half, { stride: 2, padding: 1 }), epsilon(c));
}

/** x: [B, H, W, from] → [B, H, W, kept], or half as high and wide. */
function transition(c: RDNetConfig, plan: StagePlan, norm: LayerNorm, mix: Conv, x: tf.Tensor4D): tf.Tensor4D {
  const normed = layerNorm(norm, x, epsilon(c));
  return plan.halves ? conv(mix, normed, { stride: 2 }) : pixelLinear(mix, normed);
}

/** x: [B, H, W, kept] → [B, H, W, kept + blocks · growth]. */
function denseStage(c: RDNetConfig, plan: StagePlan, p: DenseBlocks, x: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  let seen = x;
  for (let i = 0; i < plan.blocks; i++) {
    const inner = scope(mode, `dense_block${i}`);
    const added = dropPath(denseBlock(c, plan, p[`dense_block${i}`]!, seen), plan.dropPath[i]!, inner);
    seen = tf.concat([seen, tap(inner, dropout(added, c.projDropRate, inner))], 3);
  }
  return seen;
}

/** x: [B, H, W, C] → [B, H, W, growth]. */
function denseBlock(c: RDNetConfig, plan: StagePlan, p: DenseBlock, x: tf.Tensor4D): tf.Tensor4D {
  const { layers } = p.layers;
  const mixed = layerNorm(layers[1], depthwiseConv(layers[0], x, { padding: 3 }), epsilon(c));
  const wide = activations[c.actLayer](pixelLinear(layers[2], mixed)); //                             [B, H, W, 4C]
  const narrow = pixelLinear(layers[4], wide);
  const added = plan.gated ? effectiveSqueezeExcite(layers[5]!, narrow) : narrow;
  return p.gamma ? tf.mul(added, p.gamma) : added;
}

/** Class scores. maps: [B, H, W, D] → [B, classes], or [B, D] with `preLogits`. */
export function rdnetHead(
  c: RDNetConfig,
  p: RDNet,
  maps: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = globalPool2d(maps as tf.Tensor4D, c.globalPool);
  const normed = p.head.norm ? layerNorm(p.head.norm, pooled, epsilon(c)) : pooled;
  const read = dropout(normed, c.dropRate, scope(mode, "head.drop"));
  return options.preLogits || !p.head.fc ? read : linear(p.head.fc, read);
}

/** The last stage at each size of map. */
export function rdnetStages(c: RDNetConfig): FeatureStage[] {
  const plans = stagesOf(c);
  return plans.flatMap(({ out, stride }, i) =>
    plans[i + 1]?.halves === false ? [] : [{ path: `dense_stages.${i}`, channels: out, stride }],
  );
}

/** A checkpoint for other channels. */
export function adaptRDNet(c: RDNetConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("stem.0.weight", c.inChans, state, notes);
  return state;
}

/** timm's depth of a parameter: 0 for the stem, i + 1 for stage i, the head behind. */
export function rdnetDepth(c: RDNetConfig, path: string): number {
  const found = /^dense_stages\.(\d+)\./.exec(path);
  if (found) return Number(found[1]) + 1;
  return path.startsWith("stem.") ? 0 : c.growthRates.length + 1;
}
