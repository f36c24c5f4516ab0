// Several images of each sample in training (timm's `--aug-splits`): what they go together with, and what batches of
// them have to look like.

import { type Batch, type BatchSource, VitrineError } from "@vitrine/core";
import { mixesAtAll } from "./mixup.ts";
import type { TrainOptions } from "./options.ts";
import type { StepOptions } from "./step.ts";

/**
 * Images of each sample, and the loss that looks at them together, where it was asked for.
 * @throws VitrineError (usage) for what does not go together.
 */
export function resolveSplits(options: TrainOptions): { splits: number; jsd?: NonNullable<StepOptions["jsd"]> } {
  const { train, val, mixup, erasing, distillation, jsdLoss = false } = options;
  const splits = train.splits ?? 1;
  if (train.splits !== undefined && !(Number.isInteger(splits) && splits >= 2))
    throw usage(
      `train.splits must be a whole number of at least 2, found ${splits}; for one image a sample leave it out`,
    );
  if (val !== undefined) checkOneImage("val", val);
  if (splits > 1 && mixup !== undefined && mixesAtAll(mixup))
    throw usage(
      `mixup and CutMix do not go with the ${splits} images that train gives of each sample; leave out mixup, or the loader's splits`,
    );
  const { splits: whole = 0 } = erasing ?? {};
  if (splits > 1 && whole > 1 && whole !== splits)
    throw usage(
      `erasing.splits is ${whole}, but train gives ${splits} images of each sample; it must be ${splits}, or 0`,
    );
  if (jsdLoss === false) return { splits };
  if (splits === 1)
    throw usage(
      "jsdLoss compares several images of each sample, train gives one; make its loader with splits: { count: 3, secondary }",
    );
  if (distillation !== undefined)
    throw usage("jsdLoss and distillation are two losses, of which one can be used; leave the other out");
  const chosen = jsdLoss === true ? {} : jsdLoss;
  const { alpha = 0 } = chosen;
  if (!(alpha >= 0)) throw usage(`jsdLoss.alpha must be 0 or more, found ${alpha}`);
  return { splits, jsd: { ...chosen, splits } };
}

/** @throws VitrineError where a batch is not so many equal parts with the same samples. */
export function checkSplits(batch: Batch, splits: number): void {
  const { size, indices } = batch;
  const found = batch.splits ?? 1;
  const samples = size / splits;
  if (found === splits && Number.isInteger(samples) && indices.every((index, i) => index === indices[i % samples]))
    return;
  const wanted = splits === 1 ? "one image of each sample" : `${splits} parts with the same samples in the same order`;
  throw usage(
    `expected batches of ${wanted} (train.splits is ${splits}), found ${size} images and Batch.splits ${found}; source and batches must agree`,
  );
}

/** @throws VitrineError (usage) for a source on which nothing can be measured, since samples come several times. */
export function checkOneImage(name: string, source: BatchSource): void {
  if (source.splits === undefined) return;
  throw usage(
    `${name} gives ${source.splits} images of each sample, and each must count once; make its loader without splits`,
  );
}

function usage(message: string): VitrineError {
  return new VitrineError("train", message, { usage: true });
}
