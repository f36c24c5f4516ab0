// A clean image beside augmented ones of the same crop: what AugMix' consistency loss is trained on (timm's
// AugMixDataset and its `--aug-splits`).

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import type { TrainTransformParts } from "../train-preset.ts";
import { applyTransform, type SampleKey } from "./transform.ts";

/**
 * `splits` images of one size: the first after `primary` only, each other after `secondary` too, with draws of its own.
 */
export function applySplits(
  image: RawImage,
  { primary, secondary }: TrainTransformParts,
  splits: number,
  key: SampleKey,
): RawImage[] {
  if (!Number.isInteger(splits) || splits < 2) {
    throw new VitrineError("applySplits", `expected 2 or more splits, found ${splits}`, { usage: true });
  }
  const clean = applyTransform(image, primary, key);
  const { repeat = 0 } = key;
  const augmented = Array.from({ length: splits - 1 }, (_, i) =>
    applyTransform(clean, secondary, { ...key, repeat: repeat * splits + i + 1 }),
  );
  return [clean, ...augmented];
}
