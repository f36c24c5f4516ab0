// RegNet, Radosavovic et al. 2020, https://arxiv.org/abs/2003.13678: networks of bottlenecks in groups whose widths and depths
// follow from a rule (widths.ts). X is without, Y with squeeze and excitation; Z (https://arxiv.org/abs/2103.06877) has
// inverted bottlenecks, V norms ahead of the convolutions.

import {
  adaptInputConv,
  type BaseConfig,
  dropout,
  type FeatureStage,
  type Mode,
  normal,
  type Spec,
  type State,
  scope,
  tap,
  type tf,
  VitrineError,
} from "@vitrine/core";
import {
  type Activation,
  activations,
  type Conv,
  type ConvNorm,
  conv,
  convNorm,
  convNormSpec,
  convSpec,
  dropPathRates,
  type GlobalPool,
  globalPool2d,
  type Linear,
  linear,
  linearSpec,
} from "@vitrine/core/layers";
import { type Block, type BlockPlan, bare, block, blockSpec, type ShortcutKind } from "./blocks.ts";
import { stageWidths, type WidthRule } from "./widths.ts";

/** timm's arguments of `RegNet`, and the fields of its `RegNetCfg`, in camel case. */
export interface RegNetConfig extends BaseConfig, WidthRule {
  /** Channels of the squeezed layer, as a share of the block's input; 0 for no squeeze and excitation. */
  seRatio: number;
  stemWidth: number;
  /** The shortcut where the shape changes; none at all leaves the block without one there. */
  downsample: ShortcutKind;
  /** Blocks end without an activation. */
  linearOut: boolean;
  /** Norms and activations stand ahead of the convolutions. */
  preact: boolean;
  /** Width of one more convolution ahead of the head; 0 for none. */
  numFeatures: number;
  actLayer: Activation;
  /** 8 or 16 keep the later stages finer: their convolutions are dilated in place of striding. */
  outputStride: 8 | 16 | 32;
  globalPool: GlobalPool;
  dropRate: number;
  dropPathRate: number;
  /** Each block begins as its shortcut alone. */
  zeroInitLast: boolean;
}

export const defaults: RegNetConfig = {
  numClasses: 1000,
  imgSize: 224,
  inChans: 3,
  depth: 21,
  w0: 80,
  wa: 42.63,
  wm: 2.66,
  groupSize: 24,
  bottleRatio: 1,
  seRatio: 0,
  groupMinRatio: 0,
  stemWidth: 32,
  downsample: "conv1x1",
  linearOut: false,
  preact: false,
  numFeatures: 0,
  actLayer: "relu",
  outputStride: 32,
  globalPool: "avg",
  dropRate: 0,
  dropPathRate: 0,
  zeroInitLast: true,
};

export interface RegNet {
  stem: Conv | ConvNorm;
  [stage: `s${number}`]: { [block: `b${number}`]: Block };
  final_conv?: ConvNorm;
  head?: { fc: Linear };
}

interface Stage {
  path: `s${number}`;
  width: number;
  stride: number;
  blocks: BlockPlan[];
}

/** Every block with its channels, strides and dilations, stage by stage. */
function stagesOf(c: RegNetConfig): Stage[] {
  if (![8, 16, 32].includes(c.outputStride))
    throw new VitrineError("regnet", `outputStride is 8, 16 or 32, found ${c.outputStride}`, { usage: true });
  const rates = dropPathRates(c.dropPathRate, c.depth);
  let [from, netStride, dilation, index] = [c.stemWidth, 2, 1, 0];
  return stageWidths(c).map(({ width, depth, groupSize }, s) => {
    const path = `s${s + 1}` as const;
    let stride = 2;
    if (netStride >= c.outputStride) [dilation, stride] = [dilation * 2, 1];
    else netStride *= 2;
    let own = dilation <= 2 ? 1 : 2;
    const blocks = Array.from({ length: depth }, (_, i): BlockPlan => {
      const strides = i === 0 ? stride : 1;
      const plan: BlockPlan = {
        path: `${path}.b${i + 1}`,
        from,
        width,
        stride: strides,
        dilation: own,
        changes: from !== width || strides !== 1 || own !== dilation,
        bottleRatio: c.bottleRatio,
        groupSize,
        seRatio: c.seRatio,
        shortcut: c.downsample,
        linearOut: c.linearOut,
        preact: c.preact,
        activation: c.actLayer,
        dropPath: rates[index++]!,
        zeroInitLast: c.zeroInitLast,
      };
      [from, own] = [width, dilation];
      return plan;
    });
    return { path, width, stride: netStride, blocks };
  });
}

export function regnetSpec(c: RegNetConfig): Spec<RegNet> {
  const stages = stagesOf(c);
  const last = stages.at(-1)!.width;
  const features = (c.numFeatures || last) * (c.globalPool === "catavgmax" ? 2 : 1);
  const stem = c.preact ? convSpec : convNormSpec;
  return {
    stem: stem(3, c.inChans, c.stemWidth, bare(3, c.stemWidth)),
    ...Object.fromEntries(
      stages.map(({ path, blocks }) => [
        path,
        Object.fromEntries(blocks.map((plan, i) => [`b${i + 1}`, blockSpec(plan)])),
      ]),
    ),
    ...(c.numFeatures > 0 ? { final_conv: convNormSpec(1, last, c.numFeatures, bare(1, c.numFeatures)) } : {}),
    ...(c.numClasses > 0 ? { head: { fc: linearSpec(features, c.numClasses, { init: normal(0.01) }) } } : {}),
  } as Spec<RegNet>;
}

/** Maps of the last stage. images: [B, H, W, C] → [B, H / 32, W / 32, D]. */
export function regnetFeatures(c: RegNetConfig, p: RegNet, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  let x = tap(scope(mode, "stem"), stem(c, p, images, scope(mode, "stem"))); //             [B, H / 2, W / 2, stemWidth]
  for (const { path, blocks } of stagesOf(c)) {
    blocks.forEach((plan, i) => {
      const inner = scope(mode, plan.path);
      x = tap(inner, block(plan, p[path]![`b${i + 1}`]!, x, inner));
    });
    x = tap(scope(mode, path), x);
  }
  const last = scope(mode, "final_conv");
  if (p.final_conv) return tap(last, convNorm(p.final_conv, x, last, { activation: c.actLayer }));
  return c.linearOut || c.preact ? tap(last, activations[c.actLayer](x)) : x;
}

function stem(c: RegNetConfig, p: RegNet, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  return "bn" in p.stem
    ? convNorm(p.stem, images, mode, { stride: 2, activation: c.actLayer })
    : conv(p.stem, images, { stride: 2, padding: 1 });
}

/** Class scores. maps: [B, H, W, D] → [B, classes], or [B, D] with `preLogits`. */
export function regnetHead(
  c: RegNetConfig,
  p: RegNet,
  maps: tf.Tensor,
  mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = dropout(globalPool2d(maps as tf.Tensor4D, c.globalPool), c.dropRate, scope(mode, "head.drop"));
  return options.preLogits || !p.head ? pooled : linear(p.head.fc, pooled);
}

/** The stem's map at half the size, and that of each stage. */
export function regnetStages(c: RegNetConfig): FeatureStage[] {
  const stages = stagesOf(c).map(({ path, width, stride }) => ({ path, channels: width, stride }));
  return [{ path: "stem", channels: c.stemWidth, stride: 2 }, ...stages];
}

/** A checkpoint for other channels. */
export function adaptRegNet(c: RegNetConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv(c.preact ? "stem.weight" : "stem.conv.weight", c.inChans, state, notes);
  return state;
}

/** timm's depth of a parameter: 0 for the stem, i + 1 for block i, what lies behind the blocks last. */
export function regnetDepth(c: RegNetConfig, path: string): number {
  if (path.startsWith("stem.")) return 0;
  const found = /^s(\d+)\.b(\d+)\./.exec(path);
  if (!found) return c.depth + 1;
  const before = stageWidths(c).slice(0, Number(found[1]) - 1);
  return before.reduce((sum, { depth }) => sum + depth, 0) + Number(found[2]);
}
