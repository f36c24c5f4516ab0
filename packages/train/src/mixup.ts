// Mixup and CutMix as timm's Mixup class draws them: a weight and a box for a batch, for each pair of images, or for
// each image. The partner of an image is the image at the same place of the reversed batch. What is drawn here is
// small; pixels are mixed inside the compiled step (step/pixels.ts). https://arxiv.org/abs/1710.09412,
// https://arxiv.org/abs/1905.04899

import { type Batch, didYouMean, Rng, VitrineError } from "@vitrine/core";
import { labelTargets } from "./losses.ts";

const modes = ["batch", "pair", "elem"] as const;

export interface MixupConfig {
  /** Mixup's λ is drawn from Beta(α, α). 0 turns it off. Default 0. */
  mixupAlpha?: number;
  /** CutMix's λ is drawn from Beta(α, α). 0 turns it off. Default 0. */
  cutmixAlpha?: number;
  /**
   * Smallest and largest side of CutMix's box as a share of the image; CutMix is then on, and λ is what the box leaves.
   */
  cutmixMinmax?: readonly [number, number];
  /** Chance that a batch (a pair, an image) is mixed at all. Default 1. */
  prob?: number;
  /** Chance of CutMix where both are on. Default 0.5. */
  switchProb?: number;
  /** What one draw is for: a whole batch, two images that mix with each other, or one image. Default `batch`. */
  mode?: (typeof modes)[number];
  /** λ is set to the share of pixels that really stayed (the box may be cut off by the border). Default true. */
  correctLam?: boolean;
  /** Label smoothing of mixed targets. Default: the run's. */
  labelSmoothing?: number;
  /** Number of classes. Default: those of the data, which it must equal. */
  numClasses?: number;
  /** From this epoch on nothing is mixed. */
  offEpoch?: number;
}

/** What is done to an image: a weight for all pixels, or 0 inside a box and 1 outside. */
export interface Mix {
  /** Share of an image's own label; the partner's share is the rest. */
  lam: number;
  /**
   * Pixels taken from the partner: rows yl to yh, columns xl to xh, ends excluded. Left out, all pixels are blended.
   */
  box?: readonly [yl: number, yh: number, xl: number, xh: number];
}

/** @throws VitrineError for numbers out of range. Gives the same configuration. */
export function checkMixup(config: MixupConfig): MixupConfig {
  const { mixupAlpha = 0, cutmixAlpha = 0, prob = 1, switchProb = 0.5, cutmixMinmax } = config;
  const usage = (message: string) => new VitrineError("mixup", message, { usage: true });
  for (const [name, value] of Object.entries({ mixupAlpha, cutmixAlpha }))
    if (!(value >= 0)) throw usage(`${name} must be 0 or more, found ${value}`);
  for (const [name, value] of Object.entries({ prob, switchProb }))
    if (!(value >= 0 && value <= 1)) throw usage(`${name} must lie in [0, 1], found ${value}`);
  const { mode = "batch", labelSmoothing = 0, numClasses = 2 } = config;
  if (!modes.includes(mode))
    throw usage(`mode must be one of ${modes.join(", ")}, found "${mode}"${didYouMean(mode, modes)}`);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw usage(`labelSmoothing must lie in [0, 1), found ${labelSmoothing}`);
  if (!Number.isInteger(numClasses) || numClasses < 2)
    throw usage(`numClasses must be a whole number of at least 2, found ${numClasses}`);
  const [low, high] = cutmixMinmax ?? [0, 1];
  if (!(low >= 0 && low <= high && high <= 1))
    throw usage(`cutmixMinmax must be two shares of which the first is not larger, found ${cutmixMinmax}`);
  return config;
}

/** Whether anything can be mixed. */
export function mixesAtAll({ mixupAlpha = 0, cutmixAlpha = 0, cutmixMinmax }: MixupConfig): boolean {
  return mixupAlpha > 0 || cutmixAlpha > 0 || cutmixMinmax !== undefined;
}

/** One draw for images of a size; nothing where the dice say so. Depends on `rng`'s key alone. */
export function drawMix(config: MixupConfig, height: number, width: number, rng: Rng): Mix | undefined {
  const { mixupAlpha = 0, cutmixMinmax, prob = 1, switchProb = 0.5, correctLam = true } = config;
  // A range of sides turns CutMix on with α = 1, as in timm.
  const cutmixAlpha = cutmixMinmax === undefined ? (config.cutmixAlpha ?? 0) : 1;
  const cutmix = cutmixAlpha > 0 && (mixupAlpha === 0 || rng.fold("switch").uniform() < switchProb);
  const alpha = cutmix ? cutmixAlpha : mixupAlpha;
  if (alpha === 0 || rng.fold("prob").uniform() >= prob) return undefined;
  const lam = rng.fold("lam").beta(alpha, alpha);
  if (lam === 1) return undefined;
  if (!cutmix) return { lam };
  const dice = rng.fold("box");
  const box =
    cutmixMinmax === undefined
      ? cutmixBox(lam, height, width, [dice.int(height), dice.int(width)])
      : minmaxBox(cutmixMinmax, height, width, dice);
  return correctLam || cutmixMinmax !== undefined ? { lam: shareOutside(box, height, width), box } : { lam, box };
}

/** Share of an image that a box leaves. */
function shareOutside([yl, yh, xl, xh]: NonNullable<Mix["box"]>, height: number, width: number): number {
  return 1 - ((yh - yl) * (xh - xl)) / (height * width);
}

/**
 * What is done to each image of a batch, [batch.size]. `batch` mode draws by the batch's position in the epoch; the
 * others by the sample (of a pair: the first), so that it does not matter which batch or machine a sample lands in.
 * Position, not history: a resumed run draws the same.
 */
export function drawMixes(
  config: MixupConfig,
  batch: Pick<Batch, "size" | "height" | "width" | "indices" | "repeats">,
  { seed, epoch, position }: { seed: number; epoch: number; position: number },
): (Mix | undefined)[] {
  const { size, height, width } = batch;
  const { mode = "batch" } = config;
  if (mode === "batch") {
    const mix = drawMix(config, height, width, mixRng(seed, epoch, position));
    return Array.from({ length: size }, () => mix);
  }
  const draws = mode === "elem" ? size : Math.floor(size / 2);
  const keys = sampleKeys(batch);
  const mixes: (Mix | undefined)[] = Array.from({ length: size }, () => undefined);
  for (let i = 0; i < draws; i++) {
    const mix = drawMix(config, height, width, mixRng(seed, epoch, ...keys[i]!));
    mixes[i] = mix;
    if (mode === "pair") mixes[size - 1 - i] = mix;
  }
  return mixes;
}

/**
 * What tells the samples of a batch apart: the index, and which time it comes (repeated augmentation). Where the order
 * has each sample once, one may still stand in for another that cannot be read: the times within the batch are counted.
 */
export function sampleKeys({ indices, repeats }: Pick<Batch, "indices" | "repeats">): [index: number, time: number][] {
  const seen = new Map<string, number>();
  return Array.from(indices, (index, i) => {
    const time = repeats?.[i] ?? 0;
    const again = seen.get(`${index} ${time}`) ?? 0;
    seen.set(`${index} ${time}`, again + 1);
    return [index, time + 4096 * again];
  });
}

/** A box of `1 - lam` of the area around a centre, cut off at the border. */
export function cutmixBox(
  lam: number,
  height: number,
  width: number,
  [cy, cx]: readonly [number, number],
): [yl: number, yh: number, xl: number, xh: number] {
  const ratio = Math.sqrt(1 - lam);
  const span = (centre: number, size: number): [number, number] => {
    const length = Math.floor(size * ratio);
    const start = centre - Math.floor(length / 2);
    return [Math.min(size, Math.max(0, start)), Math.min(size, Math.max(0, start + length))];
  };
  return [...span(cy, height), ...span(cx, width)];
}

/** A box whose sides are shares of the image between two, anywhere in it. */
function minmaxBox(
  [low, high]: readonly [number, number],
  height: number,
  width: number,
  dice: Rng,
): [number, number, number, number] {
  const side = (size: number): [number, number] => {
    const shortest = Math.floor(size * low);
    // timm leaves the longest side out, and fails where it is the shortest too.
    const length = shortest + dice.int(Math.max(1, Math.floor(size * high) - shortest));
    const start = dice.int(size - length + 1);
    return [start, start + length];
  };
  return [...side(height), ...side(width)];
}

/** The rows that `StepBatch.mix` takes. One row where the batch is mixed as one. */
export function mixRows(mixes: readonly (Mix | undefined)[], mode: MixupConfig["mode"]): Float32Array {
  const rows = mode === undefined || mode === "batch" ? mixes.slice(0, 1) : mixes;
  return Float32Array.from(
    rows.flatMap((mix) => (mix?.box === undefined ? [mix?.lam ?? 1, 0, 0, 0, 0] : [1, ...mix.box])),
  );
}

/**
 * Smoothed targets of a batch, each mixed with that of its partner (see `mixImages`). Flat [labels.length, classes].
 */
export function mixTargets(
  labels: Int32Array,
  classes: number,
  smoothing: number,
  mixes: readonly (Mix | undefined)[],
  partners?: Int32Array,
): Float32Array {
  const own = labelTargets(labels, classes, smoothing);
  if (mixes.every((mix) => mix === undefined)) return own;
  return own.map((value, i) => {
    const [row, column] = [Math.floor(i / classes), i % classes];
    const { lam } = mixes[row] ?? { lam: 1 };
    const partner = partners?.[row] ?? labels.length - 1 - row;
    return value * lam + own[partner * classes + column]! * (1 - lam);
  });
}

/**
 * The stream of a draw: by the position of the batch in the epoch, or by the sample and which time it occurs in the
 * batch.
 */
export function mixRng(seed: number, epoch: number, ...place: readonly number[]): Rng {
  return Rng.of(seed, epoch, ...place, "mix");
}
