// Axial-ResNet, the backbone of Axial-DeepLab, Wang et al. 2020, https://arxiv.org/abs/2003.07853: a residual network whose 3x3
// convolutions are replaced by attention along the columns and then along the rows. With the convolutional stem, and the
// parameters' names, of the authors' code (csrhddlam/axial-deeplab).

import {
  adaptInputConv,
  type BaseConfig,
  type FeatureStage,
  imageSize,
  type Mode,
  normal,
  type Spec,
  type State,
  scope,
  tap,
  tf,
  VitrineError,
  zeros,
} from "@vitrine/core";
import {
  avgPool2d,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type Conv,
  conv,
  convSpec,
  type Linear,
  linear,
  linearSpec,
  maxPool2d,
} from "@vitrine/core/layers";
import { adaptRelative } from "./adapt-relative.ts";
import {
  type PositionSensitiveAttention,
  positionSensitiveAttention,
  positionSensitiveSpec,
} from "./position-sensitive.ts";

/** The reference's arguments of `AxialAttentionNet`, in camel case. */
export interface AxialConfig extends BaseConfig {
  /** Blocks of each stage. */
  layers: readonly number[];
  /** Heads of attention. */
  groups: number;
  /** Width of attention over that of its stage, times 64. */
  widthPerGroup: number;
  /** Factor of all widths. */
  s: number;
  /** Blocks begin as doing nothing: the last norm of each with weights of zero. */
  zeroInitResidual: boolean;
}

export const defaults: AxialConfig = {
  numClasses: 1000,
  imgSize: 224,
  inChans: 3,
  layers: [3, 4, 6, 3],
  groups: 8,
  widthPerGroup: 64,
  s: 0.5,
  zeroInitResidual: true,
};

export interface AxialBlock {
  conv_down: Conv;
  bn1: BatchNorm;
  /** Spelt so in the reference. */
  hight_block: PositionSensitiveAttention;
  width_block: PositionSensitiveAttention;
  conv_up: Conv;
  bn2: BatchNorm;
  /** The convolution and norm of the shortcut, where shapes differ. */
  downsample?: [Conv, BatchNorm];
}

export interface Axial {
  conv1: Conv;
  bn1: BatchNorm;
  layer1: AxialBlock[];
  layer2: AxialBlock[];
  layer3: AxialBlock[];
  layer4: AxialBlock[];
  fc?: Linear;
}

const expansion = 2;
const stages = ["layer1", "layer2", "layer3", "layer4"] as const;
const baseWidths = [128, 256, 512, 1024] as const;

const stemWidth = (c: AxialConfig) => Math.trunc(64 * c.s);
const planesOf = (c: AxialConfig, stage: number) => Math.trunc(baseWidths[stage]! * c.s);

const fanOut = (kernel: number, to: number) => normal(Math.sqrt(2 / (kernel * kernel * to)));
const convWithoutBias = (kernel: number, from: number, to: number): Spec<Conv> =>
  convSpec(kernel, from, to, { bias: false, init: fanOut(kernel, to) });

export function axialSpec(c: AxialConfig): Spec<Axial> {
  const size = imageSize(c);
  if (c.layers.length !== 4) {
    const message = `layers names the blocks of 4 stages, found ${c.layers.length}`;
    throw new VitrineError("axial", message, { usage: true });
  }
  if (size.some((side) => side % 32 !== 0)) {
    const near = size.map((side) => Math.max(1, Math.round(side / 32)) * 32).join("x");
    const message = `imgSize ${size.join("x")} is not a multiple of 32; the nearest size is ${near}`;
    throw new VitrineError("axial", message, { usage: true });
  }
  const spec: Record<string, unknown> = {
    conv1: convWithoutBias(7, c.inChans, stemWidth(c)),
    bn1: batchNormSpec(stemWidth(c)),
  };
  let from = stemWidth(c);
  for (const [stage, name] of stages.entries()) {
    const planes = planesOf(c, stage);
    spec[name] = Array.from({ length: c.layers[stage]! }, (_, i) => {
      // The first block of a later stage attends at the finer resolution, and halves it then.
      const stride = 4 * 2 ** (i === 0 && stage > 0 ? stage - 1 : stage);
      const block = blockSpec(c, i === 0 ? from : planes * expansion, planes, size.map((side) => side / stride)); // biome-ignore format: one line
      const shortcut = i === 0 && (stage > 0 || from !== planes * expansion);
      if (!shortcut) return block;
      const downsample = [convWithoutBias(1, from, planes * expansion), batchNormSpec(planes * expansion)];
      return { ...block, downsample };
    });
    from = planes * expansion;
  }
  if (c.numClasses > 0) spec.fc = linearSpec(from, c.numClasses);
  return spec as unknown as Spec<Axial>;
}

function blockSpec(c: AxialConfig, from: number, planes: number, size: readonly number[]): Spec<AxialBlock> {
  const width = Math.trunc(planes * (c.widthPerGroup / 64));
  const [height, breadth] = size as [number, number];
  return {
    conv_down: convWithoutBias(1, from, width),
    bn1: batchNormSpec(width),
    hight_block: positionSensitiveSpec(width, width, c.groups, height),
    width_block: positionSensitiveSpec(width, width, c.groups, breadth),
    conv_up: convWithoutBias(1, width, planes * expansion),
    bn2: batchNormSpec(planes * expansion, ...(c.zeroInitResidual ? [zeros] : [])),
  } as Spec<AxialBlock>;
}

/** The last stage's map. images: [B, H, W, C] → [B, H / 32, W / 32, D]. */
export function axialFeatures(c: AxialConfig, p: Axial, images: tf.Tensor4D, mode: Mode): tf.Tensor4D {
  const [height, width] = imageSize(c);
  const [, foundHeight, foundWidth] = images.shape;
  if (foundHeight !== height || foundWidth !== width) {
    const next = "resize it, or make the model with that imgSize";
    const message = `an image of ${height}x${width} is expected, ${foundHeight}x${foundWidth} found; ${next}`;
    throw new VitrineError("axial", message);
  }
  const stem = batchNorm(p.bn1, conv(p.conv1, images, { stride: 2, padding: 3 }), scope(mode, "bn1"));
  let x = tap(scope(mode, "maxpool"), maxPool2d(tf.relu(stem), { kernel: 3, stride: 2, padding: 1 })); // [B, H/4, W/4, D]
  for (const [stage, name] of stages.entries()) {
    const inside = scope(mode, name);
    p[name].forEach((block, i) => {
      x = axialBlock(c, block, x, scope(inside, String(i)), i === 0 && stage > 0 ? 2 : 1);
    });
    tap(inside, x);
  }
  return x;
}

/** x: [B, H, W, I] → [B, H / stride, W / stride, O]. */
function axialBlock(c: AxialConfig, p: AxialBlock, x: tf.Tensor4D, mode: Mode, stride: 1 | 2): tf.Tensor4D {
  const inside = (name: string) => scope(mode, name);
  const narrow = tf.relu(batchNorm(p.bn1, conv(p.conv_down, x), inside("bn1")));
  const { groups } = c;
  const down = positionSensitiveAttention(p.hight_block, narrow, inside("hight_block"), { groups, axis: 1 });
  const along = positionSensitiveAttention(p.width_block, down, inside("width_block"), { groups, axis: 2 });
  const pooled = stride === 1 ? along : avgPool2d(along, { kernel: stride });
  const wide = batchNorm(p.bn2, conv(p.conv_up, tf.relu(pooled)), inside("bn2"));
  const shortcut = p.downsample
    ? batchNorm(p.downsample[1], conv(p.downsample[0], x, { stride }), inside("downsample.1"))
    : x;
  return tap(mode, tf.relu(tf.add(wide, shortcut)));
}

/** Class scores of the mean over the map: [B, h, w, D] → [B, classes], or [B, D] with `preLogits`. */
export function axialHead(
  _c: AxialConfig,
  p: Axial,
  features: tf.Tensor,
  _mode: Mode,
  options: { preLogits?: boolean } = {},
): tf.Tensor2D {
  const pooled = tf.mean(features, [1, 2]) as tf.Tensor2D;
  return options.preLogits || p.fc === undefined ? pooled : linear(p.fc, pooled);
}

/** A checkpoint for other channels or another image size. */
export function adaptAxial(c: AxialConfig, given: State, notes: string[]): State {
  const state = new Map(given);
  adaptInputConv("conv1.weight", c.inChans, state, notes);
  adaptRelative(axialSpec(c), state, notes);
  return state;
}

/** What `featureMaps` gives. */
export function axialStages(c: AxialConfig): FeatureStage[] {
  return stages.map((path, i) => ({ path, channels: planesOf(c, i) * expansion, stride: 4 * 2 ** i }));
}

/** 0 for the stem, then a depth a block, the classifier last. */
export function axialDepth(c: AxialConfig, path: string): number {
  const block = /^layer([1-4])\.(\d+)\./.exec(path);
  const before = (stage: number) => c.layers.slice(0, stage).reduce((sum, count) => sum + count, 0);
  if (block) return 1 + before(Number(block[1]) - 1) + Number(block[2]);
  return path.startsWith("fc.") ? 1 + before(4) : 0;
}
