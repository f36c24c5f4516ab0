// From a loader's batches to what a step takes: targets, mixing, erasing, and groups of micro-batches.

import type { Batch, BatchSource } from "@vitrine/core";
import { drawErasing, type ErasingConfig } from "./erasing.ts";
import { drawMixes, type MixupConfig, mixesAtAll, mixRows, mixTargets } from "./mixup.ts";
import type { StepBatch } from "./step.ts";

export interface Preparation {
  classes: number;
  smoothing: number;
  seed: number;
  mixup: MixupConfig | undefined;
  erasing?: ErasingConfig | undefined;
}

/** Whether batches of an epoch are mixed. */
export function mixes(mixup: MixupConfig | undefined, epoch: number): boolean {
  return mixup !== undefined && epoch < (mixup.offEpoch ?? Infinity) && mixesAtAll(mixup);
}

/**
 * A micro-batch for the step; what is drawn depends on the seed, the batch's position in its epoch and its samples
 * alone. Its inputs are there whatever the dice say: one compiled step for all batches.
 */
export function prepareBatch(batch: Batch, how: Preparation, epoch: number, position: number): StepBatch {
  const { images, size, height, width, channels, labels } = batch;
  const { classes, seed, mixup, erasing } = how;
  const place = { seed, epoch, position };
  const drawn = mixup !== undefined && mixes(mixup, epoch) ? drawMixes(mixup, batch, place) : [];
  const targets = mixTargets(labels, classes, mixup?.labelSmoothing ?? how.smoothing, drawn);
  const prepared: StepBatch = { images, size, height, width, channels, targets };
  if (drawn.length > 0) prepared.mix = mixRows(drawn, mixup?.mode);
  if (erasing !== undefined && erasing.prob > 0) prepared.erase = drawErasing(erasing, batch, place);
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
