// Batches as the trainer sees them, turned back into pictures: the trainer's own loader, draws and compiled
// preparation.

import { type Batch, jit, type Model, tf } from "@vitrine/core";
import type { RawImage } from "@vitrine/data";
import {
  type PixelInputs,
  type Preparation,
  prepareBatch,
  prepareImages,
  type StepBatch,
  stepInputs,
} from "@vitrine/train";

export interface PreviewedImage {
  /** Where it lies in its batch. */
  slot: number;
  /** Which of several images of its sample it is: 0 for the clean one. */
  split?: number;
  /** What the data set calls it. */
  name: string;
  label: string;
  /** What the model is to say: the classes with more than smoothing gives to all, the largest first. */
  targets: { class: string; weight: number }[];
  /** What was done to it besides the loader's transform, in words. */
  done: string[];
  image: RawImage;
}

/** Makes previews of batches, all images of a sample side by side. `dispose` frees what was compiled. */
export function previewer(
  model: Model,
  classes: readonly string[],
  how: Preparation,
  nameOf: (index: number) => string,
) {
  const { mean, std } = model.preprocess;
  const prepare = jit((inputs: PixelInputs) => prepareImages(inputs, mean, std));
  const preview = (batch: Batch, epoch: number, position: number): PreviewedImage[] => {
    const prepared = prepareBatch(batch, how, epoch, position);
    const inputs = stepInputs(prepared);
    const x = prepare(inputs);
    const values = x.dataSync<"float32">();
    const images = pictures(values, prepared, mean, std);
    tf.dispose([inputs, x] as tf.TensorContainer);
    const { size, splits = 1 } = batch;
    return Array.from({ length: size }, (_, place) => {
      const split = place % splits;
      const i = split * (size / splits) + Math.floor(place / splits);
      return {
        slot: i,
        ...(splits > 1 && { split }),
        name: nameOf(batch.indices[i]!),
        label: classes[batch.labels[i]!] ?? "",
        targets: targetsOf(prepared, i, classes, how.mixup?.labelSmoothing ?? how.smoothing),
        done: doneTo(prepared, i),
        image: images[i]!,
      };
    });
  };
  return { preview, dispose: prepare.dispose };
}

/** Normalised pixels, [size, height, width, channels], as bytes; what lies outside of black and white is cut off. */
function pictures(
  values: Float32Array,
  { size, height, width, channels }: StepBatch,
  mean: readonly number[],
  std: readonly number[],
): RawImage[] {
  const shown = channels >= 3 ? 3 : 1;
  return Array.from({ length: size }, (_, i) => {
    const data = new Uint8Array(height * width * shown);
    for (let p = 0; p < height * width; p++)
      for (let c = 0; c < shown; c++) {
        const value = values[(i * height * width + p) * channels + c]! * std[c]! + mean[c]!;
        data[p * shown + c] = Math.max(0, Math.min(255, Math.round(value * 255)));
      }
    return { data, width, height, channels: shown };
  });
}

function targetsOf({ targets }: StepBatch, i: number, classes: readonly string[], smoothing: number) {
  const all = smoothing / classes.length + 1e-6;
  return classes
    .map((name, c) => ({ class: name, weight: targets[i * classes.length + c]! }))
    .filter(({ weight }) => weight > all)
    .sort((a, b) => b.weight - a.weight);
}

function doneTo({ size, mix, erase }: StepBatch, i: number): string[] {
  const done: string[] = [];
  if (mix !== undefined) {
    const row = mix.length === 5 ? 0 : 5 * i;
    const [own, yl, yh, xl, xh] = mix.subarray(row, row + 5) as unknown as [number, number, number, number, number];
    if (yh > yl && xh > xl) done.push(`cutmix ${xh - xl} × ${yh - yl} at ${xl}, ${yl}`);
    else if (own < 1) done.push(`mixup ${own.toFixed(2)}`);
  }
  if (erase !== undefined) {
    const { boxes } = erase;
    const each = boxes.length / size;
    for (let at = i * each; at < (i + 1) * each; at += 4) {
      const [yl, yh, xl, xh] = boxes.subarray(at, at + 4) as unknown as [number, number, number, number];
      if (yh > yl && xh > xl) done.push(`erased ${xh - xl} × ${yh - yl} at ${xl}, ${yl}`);
    }
  }
  return done;
}
