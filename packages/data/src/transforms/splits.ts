// A clean image beside augmented ones of the same crop: what AugMix' consistency loss is trained on (timm's
// AugMixDataset and its `--aug-splits`).

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import type { TrainTransformParts } from "../train-preset.ts";
import { applyTransform, type SampleKey, type Transform } from "./transform.ts";

/** How many images are made of a sample, and what the others go through besides. A plain object, as transforms are. */
export interface Splits {
  /** Images of a sample, the clean one among them; 2 or more. */
  count: number;
  /** From a clean image to an augmented one of the same size: `trainTransformParts(...).secondary`. */
  secondary: Transform;
}

/**
 * `splits` images of one size: the first after `primary` only, each other after `secondary` too, with draws of its own.
 */
export function applySplits(
  image: RawImage,
  { primary, secondary }: TrainTransformParts,
  splits: number,
  key: SampleKey,
): RawImage[] {
  checkCount("applySplits", splits);
  const clean = applyTransform(image, primary, key);
  return [clean, ...augmentedOf(clean, { count: splits, secondary }, key)];
}

/** The images beside a clean one. */
export function augmentedOf(clean: RawImage, { count, secondary }: Splits, key: SampleKey): RawImage[] {
  const { repeat = 0 } = key;
  return Array.from({ length: count - 1 }, (_, i) =>
    applyTransform(clean, secondary, { ...key, repeat: repeat * count + i + 1 }),
  );
}

/** @throws VitrineError for a number that makes no sense, and for images that differ from the clean one in size. */
export function checkSplits(where: string, { count, secondary }: Splits, primary: Transform): void {
  checkCount(where, count);
  const shape = ({ size: [height, width], channels }: Transform) => `${height} x ${width} x ${channels}`;
  if (shape(secondary) === shape(primary)) return;
  throw new VitrineError(
    where,
    `expected images of ${shape(primary)} from splits.secondary as from transform, found ${shape(secondary)}; take both from one trainTransformParts(...)`,
    { usage: true },
  );
}

function checkCount(where: string, count: number): void {
  if (Number.isInteger(count) && count >= 2) return;
  throw new VitrineError(where, `expected 2 or more splits, found ${count}; for one image a sample leave splits out`, {
    usage: true,
  });
}
