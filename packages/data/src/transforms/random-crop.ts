// Crops at a random place.

import type { Rng } from "@vitrine/core";
import type { Picture } from "../picture.ts";
import type { Box, RawImage } from "../raw-image.ts";
import { between } from "./color.ts";
import { crop, pad, roundHalfEven } from "./crop.ts";
import { resample } from "./resample.ts";
import type { Interpolation, PadMode, Size } from "./transform.ts";

/** A random part of the image, resized; see `randomResizedBox`. `random` draws bilinear or bicubic, as timm does. */
export interface RandomResizedCrop {
  op: "randomResizedCrop";
  size: Size;
  /** Share of the area. */
  scale: readonly [number, number];
  /** Width over height. */
  ratio: readonly [number, number];
  interpolation: Interpolation | "random";
}

/** Padded by `padding` on all sides, and further where still smaller than `size`; then cut anywhere. */
export interface RandomCrop {
  op: "randomCrop";
  size: Size;
  padding: number;
  padMode: PadMode;
  fill: readonly number[];
}

export function randomResizedCrop(image: Picture, op: RandomResizedCrop, rng: Rng): RawImage {
  const box = randomResizedBox(image.width, image.height, op.scale, op.ratio, rng);
  const drawn = rng.uniform() < 0.5 ? "bilinear" : "bicubic";
  return resample(image, op.size[1], op.size[0], op.interpolation === "random" ? drawn : op.interpolation, { box });
}

export function randomCrop(image: RawImage, { size, padding, padMode, fill }: RandomCrop, rng: Rng): RawImage {
  const [height, width] = size;
  const x = padding + Math.max(0, width - image.width - 2 * padding);
  const y = padding + Math.max(0, height - image.height - 2 * padding);
  const padded = pad(image, { left: x, top: y, right: x, bottom: y }, padMode, fill);
  const top = rng.int(padded.height - height + 1);
  const left = rng.int(padded.width - width + 1);
  return crop(padded, { left, top, width, height });
}

/**
 * The box of torchvision's RandomResizedCrop (Szegedy et al. 2014, https://arxiv.org/abs/1409.4842): `scale` times the
 * area, an aspect drawn evenly in its logarithm. After ten boxes that do not fit, the largest box in the middle with an
 * allowed aspect.
 */
export function randomResizedBox(
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  rng: Rng,
): Box {
  const area = width * height;
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * between(rng, scale[0], scale[1]);
    const aspect = Math.exp(between(rng, Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(target * aspect));
    const h = roundHalfEven(Math.sqrt(target / aspect));
    if (w > 0 && h > 0 && w <= width && h <= height) {
      const top = rng.int(height - h + 1);
      const left = rng.int(width - w + 1);
      return { left, top, width: w, height: h };
    }
  }
  const aspect = width / height;
  const h = aspect < ratio[0] ? Math.min(height, Math.max(1, roundHalfEven(width / ratio[0]))) : height;
  const w = aspect > ratio[1] ? Math.min(width, Math.max(1, roundHalfEven(height * ratio[1]))) : width;
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}
