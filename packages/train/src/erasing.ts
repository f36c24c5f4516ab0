// Random erasing as timm's RandomErasing draws it: boxes over normalised images, filled with the mean, with a colour,
// or with noise. What is drawn here is small; pixels are erased inside the compiled step (step/pixels.ts).
// https://arxiv.org/abs/1708.04896

import { type Batch, didYouMean, Rng, VitrineError } from "@vitrine/core";
import { sampleKeys } from "./mixup.ts";
import type { EraseBatch } from "./step.ts";

const modes = ["const", "rand", "pixel"] as const;

export interface ErasingConfig {
  /** Chance that an image is erased. 0 turns it off. */
  prob: number;
  /**
   * What a box is filled with: the mean (`const`), a colour (`rand`) or noise (`pixel`), both normal. Default `const`.
   */
  mode?: (typeof modes)[number];
  /** Boxes of an image, drawn between the two; each is smaller the more there are. Default 1 and `minCount`. */
  minCount?: number;
  maxCount?: number;
  /** Area of all boxes of an image as a share of its own. Default 0.02 and 1/3. */
  minArea?: number;
  maxArea?: number;
  /** Height over width. Default 0.3 and `1 / minAspect`. */
  minAspect?: number;
  maxAspect?: number;
  /** The first of so many parts of a batch stays whole; 0 and 1 for none. Default 0. */
  splits?: number;
}

/** Tries to find a box that fits in. */
const tries = 10;

/** @throws VitrineError for numbers out of range. Gives all of the configuration, defaults filled in. */
export function checkErasing(config: ErasingConfig): Required<ErasingConfig> {
  const { prob, mode = "const", minCount = 1, minArea = 0.02, maxArea = 1 / 3, minAspect = 0.3, splits = 0 } = config;
  const { maxCount = minCount, maxAspect = 1 / minAspect } = config;
  if (!(prob >= 0 && prob <= 1)) throw usage(`prob must lie in [0, 1], found ${prob}`);
  if (!modes.includes(mode))
    throw usage(`mode must be one of ${modes.join(", ")}, found "${mode}"${didYouMean(mode, modes)}`);
  if (!Number.isInteger(minCount) || !Number.isInteger(maxCount) || minCount < 1 || maxCount < minCount)
    throw usage(
      `minCount and maxCount must be whole numbers with 1 <= minCount <= maxCount, found ${minCount}, ${maxCount}`,
    );
  if (!(minArea > 0 && minArea <= maxArea && maxArea <= 1))
    throw usage(`areas must be shares with 0 < minArea <= maxArea <= 1, found ${minArea}, ${maxArea}`);
  if (!(minAspect > 0 && minAspect <= maxAspect && Number.isFinite(maxAspect)))
    throw usage(`aspects must be numbers with 0 < minAspect <= maxAspect, found ${minAspect}, ${maxAspect}`);
  if (!Number.isInteger(splits) || splits < 0)
    throw usage(`splits must be a whole number of at least 0, found ${splits}`);
  return { prob, mode, minCount, maxCount, minArea, maxArea, minAspect, maxAspect, splits };
}

/** First row, row behind the last, first column, column behind the last. */
export type EraseBox = [yl: number, yh: number, xl: number, xh: number];

/** The boxes of one image; none where the dice say so. Depends on `rng`'s key alone. */
export function drawBoxes(config: ErasingConfig, height: number, width: number, rng: Rng): EraseBox[] {
  const { prob, minCount, maxCount, minArea, maxArea, minAspect, maxAspect } = checkErasing(config);
  if (rng.fold("prob").uniform() >= prob) return [];
  const dice = rng.fold("boxes");
  const between = (low: number, high: number) => low + (high - low) * dice.uniform();
  const count = minCount + dice.int(maxCount - minCount + 1);
  const boxes: EraseBox[] = [];
  for (let n = 0; n < count; n++)
    for (let attempt = 0; attempt < tries; attempt++) {
      const area = (between(minArea, maxArea) * height * width) / count;
      const aspect = Math.exp(between(Math.log(minAspect), Math.log(maxAspect)));
      const [h, w] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
      if (h >= height || w >= width) continue;
      const [top, left] = [dice.int(height - h + 1), dice.int(width - w + 1)];
      boxes.push([top, top + h, left, left + w]);
      break;
    }
  return boxes;
}

/** What is erased of a batch. Depends on (seed, epoch, sample); noise on (seed, epoch, position of the batch). */
export function drawErasing(
  config: ErasingConfig,
  batch: Pick<Batch, "size" | "height" | "width" | "channels" | "indices" | "repeats">,
  { seed, epoch, position }: { seed: number; epoch: number; position: number },
): EraseBatch {
  const { size, height, width, channels } = batch;
  const { mode, maxCount, splits } = checkErasing(config);
  const whole = splits > 1 ? Math.floor(size / splits) : 0;
  const boxes = new Float32Array(size * maxCount * 4);
  const colours = new Float32Array(mode === "rand" ? size * maxCount * channels : 0);
  for (const [i, key] of sampleKeys(batch).entries()) {
    if (i < whole) continue;
    const rng = Rng.of(seed, epoch, ...key, "erase");
    for (const [n, box] of drawBoxes(config, height, width, rng).entries()) boxes.set(box, (i * maxCount + n) * 4);
    if (mode !== "rand") continue;
    const dice = rng.fold("colours");
    for (let k = 0; k < maxCount * channels; k++) colours[i * maxCount * channels + k] = dice.normal();
  }
  if (mode === "rand") return { boxes, colours };
  if (mode === "const") return { boxes };
  const dice = Rng.of(seed, epoch, position, "erase noise");
  return { boxes, noise: Int32Array.of(dice.uint32(), dice.uint32()) };
}

function usage(message: string): VitrineError {
  return new VitrineError("erasing", message, { usage: true });
}
