// Mixup and CutMix over whole batches, as timm's Mixup class draws them: one weight and one box for a batch, and the partner
// of an image is the image at the same place of the reversed batch.
// https://arxiv.org/abs/1710.09412, https://arxiv.org/abs/1905.04899

import { Rng, VitrineError } from "@vitrine/core";
import { labelTargets } from "./losses.ts";

export interface MixupConfig {
  /** Mixup's λ is drawn from Beta(α, α). 0 turns it off. Default 0. */
  mixupAlpha?: number;
  /** CutMix's λ is drawn from Beta(α, α). 0 turns it off. Default 0. */
  cutmixAlpha?: number;
  /** Smallest and largest side of CutMix's box as a share of the image; then no λ is drawn for it. */
  cutmixMinmax?: readonly [number, number];
  /** Chance that a batch is mixed at all. Default 1. */
  prob?: number;
  /** Chance of CutMix where both are on. Default 0.5. */
  switchProb?: number;
  /** λ is set to the share of pixels that really stayed (the box may be cut off by the border). Default true. */
  correctLam?: boolean;
  /** From this epoch on nothing is mixed. */
  offEpoch?: number;
}

/** What is done to a batch: a weight for all pixels, or 0 inside a box and 1 outside. */
export interface Mix {
  /** Share of an image's own label; the partner's share is the rest. */
  lam: number;
  /** Pixels taken from the partner: rows yl to yh, columns xl to xh, ends excluded. Left out, all pixels are blended. */
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
  const [low, high] = cutmixMinmax ?? [0, 1];
  if (!(low >= 0 && low <= high && high <= 1))
    throw usage(`cutmixMinmax must be two shares of which the first is not larger, found ${cutmixMinmax}`);
  return config;
}

/** What to do to a batch of images of a size; nothing where the dice say so. Depends on `rng`'s key alone. */
export function drawMix(config: MixupConfig, height: number, width: number, rng: Rng): Mix | undefined {
  const { mixupAlpha = 0, cutmixMinmax, prob = 1, switchProb = 0.5, correctLam = true } = config;
  // A range of sides stands for CutMix turned on, as in timm.
  const cutmixAlpha = cutmixMinmax === undefined ? (config.cutmixAlpha ?? 0) : config.cutmixAlpha || 1;
  const cutmix = cutmixAlpha > 0 && (mixupAlpha === 0 || rng.fold("switch").uniform() < switchProb);
  const alpha = cutmix ? cutmixAlpha : mixupAlpha;
  if (alpha === 0 || rng.fold("prob").uniform() >= prob) return undefined;
  const lam = rng.fold("lam").beta(alpha, alpha);
  if (!cutmix) return lam === 1 ? undefined : { lam };
  const dice = rng.fold("box");
  const box =
    cutmixMinmax === undefined
      ? cutmixBox(lam, height, width, [dice.int(height), dice.int(width)])
      : minmaxBox(cutmixMinmax, height, width, dice);
  const share = 1 - ((box[1] - box[0]) * (box[3] - box[2])) / (height * width);
  return { lam: correctLam || cutmixMinmax !== undefined ? share : lam, box };
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

function minmaxBox(
  [low, high]: readonly [number, number],
  height: number,
  width: number,
  dice: Rng,
): [number, number, number, number] {
  const side = (size: number): [number, number] => {
    const shortest = Math.floor(size * low);
    const length = shortest + dice.int(Math.max(1, Math.floor(size * high) - shortest));
    const start = dice.int(Math.max(1, size - length));
    return [start, start + length];
  };
  return [...side(height), ...side(width)];
}

/** The weight of an image's own pixels, [height, width], as the step takes it. */
export function mixMap({ lam, box }: Mix, height: number, width: number): Float32Array {
  if (box === undefined) return new Float32Array(height * width).fill(lam);
  const map = new Float32Array(height * width).fill(1);
  const [yl, yh, xl, xh] = box;
  for (let y = yl; y < yh; y++) map.fill(0, y * width + xl, y * width + xh);
  return map;
}

/** Smoothed targets of a batch, mixed with those of the reversed batch. Flat [labels.length, classes]. */
export function mixTargets(labels: Int32Array, classes: number, smoothing: number, mix: Mix | undefined): Float32Array {
  const own = labelTargets(labels, classes, smoothing);
  if (mix === undefined) return own;
  return own.map((value, i) => {
    const [row, column] = [Math.floor(i / classes), i % classes];
    return value * mix.lam + own[(labels.length - 1 - row) * classes + column]! * (1 - mix.lam);
  });
}

/** The stream a batch's mixing is drawn from: position, not history, so a resumed run draws the same. */
export function mixRng(seed: number, epoch: number, batch: number): Rng {
  return Rng.of(seed, epoch, batch, "mix");
}
