// From a loader's batches to what a step takes: targets, mixing, and groups of micro-batches.

import type { Batch, BatchSource } from "@vitrine/core";
import { drawMix, type MixupConfig, mixMap, mixRng, mixTargets } from "./mixup.ts";
import type { StepBatch } from "./step.ts";

export interface Preparation {
  classes: number;
  smoothing: number;
  seed: number;
  mixup: MixupConfig | undefined;
}

/** Whether batches of an epoch are mixed. */
export function mixes(mixup: MixupConfig | undefined, epoch: number): boolean {
  if (mixup === undefined || epoch >= (mixup.offEpoch ?? Infinity)) return false;
  return (mixup.mixupAlpha ?? 0) > 0 || (mixup.cutmixAlpha ?? 0) > 0 || mixup.cutmixMinmax !== undefined;
}

/** A micro-batch for the step; what is drawn depends on the seed and the batch's position alone. */
export function prepareBatch(batch: Batch, how: Preparation, epoch: number, position: number): StepBatch {
  const { images, size, height, width, channels, labels } = batch;
  const mix = mixes(how.mixup, epoch)
    ? drawMix(how.mixup!, height, width, mixRng(how.seed, epoch, position))
    : undefined;
  const targets = mixTargets(labels, how.classes, how.smoothing, mix);
  const prepared: StepBatch = { images, size, height, width, channels, targets };
  if (mixes(how.mixup, epoch))
    // A map also where the dice say to leave the batch alone: one compiled step for both.
    prepared.mix = mixMap(mix ?? { lam: 1 }, height, width);
  return prepared;
}

/** The batches `start` to `end` of an epoch in groups of `size`; the last group may be smaller. */
export async function* groupsOf(
  source: BatchSource,
  epoch: number,
  start: number,
  end: number,
  size: number,
): AsyncGenerator<Batch[]> {
  if (start >= end) return;
  let group: Batch[] = [];
  let position = start;
  for await (const batch of source.epoch(epoch, start)) {
    group.push(batch);
    position++;
    if (group.length < size && position < end) continue;
    yield group;
    group = [];
    if (position === end) return;
  }
  if (group.length > 0) yield group;
}
