// Rectangles that vanish: Random Erasing (Zhong et al. 2017, https://arxiv.org/abs/1708.04896) with timm's draws, and
// Cutout (DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552). On bytes, for loaders whose batches go elsewhere
// than to @vitrine/train, which erases on the device after normalising.

import { type Rng, VitrineError } from "@vitrine/core";
import type { Box, RawImage } from "../raw-image.ts";
import { happens } from "./chance.ts";
import { between } from "./color.ts";
import { roundHalfEven } from "./crop.ts";

export interface RandomErasing {
  op: "randomErasing";
  /** Chance that anything is erased. */
  p: number;
  /**
   * `const`: the mean. `rand`: a colour for each rectangle. `pixel`: a colour for each pixel. timm's normal draws, seen
   * as bytes.
   */
  mode: "const" | "rand" | "pixel";
  /** Share of the image that all rectangles together take ([0.02, 1/3]). */
  area: readonly [number, number];
  /** Height over width ([0.3, 1/0.3]). */
  aspect: readonly [number, number];
  /** Rectangles: drawn evenly from the first to the second number ([1, 1]). */
  count: readonly [number, number];
  /** What normalisation subtracts, in 0 … 1, one number or one a channel. */
  mean: readonly number[];
  /** And what it divides by. */
  std: readonly number[];
}

/** Squares around points drawn evenly over the image, which cuts them at its edges. */
export interface Cutout {
  op: "cutout";
  p: number;
  /** Edge of a square in pixels. */
  length: number;
  /** Squares. */
  count: number;
  /** 0 … 255, one number or one a channel. */
  fill: readonly number[];
}

export function randomErasing(image: RawImage, op: RandomErasing, random: () => Rng): RawImage {
  checkErasing(op);
  if (!happens(op.p, random)) return image;
  const rng = random().fold("boxes");
  const boxes = erasedBoxes(image.width, image.height, op, rng);
  if (boxes.length === 0) return image;
  const result = { ...image, data: image.data.slice() };
  boxes.forEach((box, i) => {
    erase(result, box, op, rng.fold("pixels", i));
  });
  return result;
}

function checkErasing({ mode, area, aspect, count }: RandomErasing): void {
  if (!["const", "rand", "pixel"].includes(mode))
    throw new VitrineError("randomErasing", `mode must be const, rand or pixel, found "${mode}"`, { usage: true });
  const ordered = ([low, high]: readonly [number, number]) => low > 0 && low <= high && Number.isFinite(high);
  if (!ordered(area) || !ordered(aspect) || !ordered(count) || area[1] > 1 || !count.every(Number.isInteger)) {
    const found = `area ${area.join(" … ")}, aspect ${aspect.join(" … ")}, count ${count.join(" … ")}`;
    throw new VitrineError("randomErasing", `expected ranges above 0, areas to 1, whole counts; found ${found}`, {
      usage: true,
    });
  }
}

/** timm's rectangles: each has its share of one area, and is left out where ten draws do not fit. */
export function erasedBoxes(
  width: number,
  height: number,
  { area, aspect, count }: Pick<RandomErasing, "area" | "aspect" | "count">,
  rng: Rng,
): Box[] {
  const boxes: Box[] = [];
  const rectangles = count[0] + rng.int(count[1] - count[0] + 1);
  for (let i = 0; i < rectangles; i++) {
    for (let attempt = 0; attempt < 10; attempt++) {
      const target = (between(rng, ...area) * width * height) / rectangles;
      const ratio = Math.exp(between(rng, Math.log(aspect[0]), Math.log(aspect[1])));
      const h = roundHalfEven(Math.sqrt(target * ratio));
      const w = roundHalfEven(Math.sqrt(target / ratio));
      if (w >= width || h >= height) continue;
      const top = rng.int(height - h + 1);
      const left = rng.int(width - w + 1);
      boxes.push({ left, top, width: w, height: h });
      break;
    }
  }
  return boxes;
}

export function cutout(image: RawImage, op: Cutout, random: () => Rng): RawImage {
  if (!happens(op.p, random)) return image;
  const rng = random().fold("squares");
  const result = { ...image, data: image.data.slice() };
  for (let i = 0; i < op.count; i++) {
    const [y, x] = [rng.int(image.height), rng.int(image.width)];
    const half = op.length >> 1;
    const [left, top] = [Math.max(0, x - half), Math.max(0, y - half)];
    const box = {
      left,
      top,
      width: Math.min(image.width, x - half + op.length) - left,
      height: Math.min(image.height, y - half + op.length) - top,
    };
    paint(result, box, (c) => op.fill[c % op.fill.length]!);
  }
  return result;
}

function erase(image: RawImage, box: Box, { mode, mean, std }: RandomErasing, rng: Rng): void {
  const normal = (c: number) => byte(mean[c % mean.length]! + std[c % std.length]! * rng.normal());
  if (mode === "pixel") paint(image, box, normal);
  else {
    const color = Array.from({ length: image.channels }, (_, c) =>
      mode === "rand" ? normal(c) : byte(mean[c % mean.length]!),
    );
    paint(image, box, (c) => color[c]!);
  }
}

/** Writes into `image`. Of four channels, the last is how opaque a pixel is, and stays. */
function paint(image: RawImage, box: Box, color: (channel: number) => number): void {
  const { channels, width, data } = image;
  const colors = channels === 4 ? 3 : channels;
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      const at = (y * width + x) * channels;
      for (let c = 0; c < colors; c++) data[at + c] = color(c);
    }
  }
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value * 255)));
}
