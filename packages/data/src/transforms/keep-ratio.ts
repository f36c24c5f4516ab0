// timm's crops `rkrc` and `rkrr`: resized with nearly its own aspect and cut in the middle or anywhere; what is missing
// is mirrored.

import type { Rng } from "@vitrine/core";
import type { Picture } from "../picture.ts";
import { type Box, blankImage, type RawImage } from "../raw-image.ts";
import { between } from "./color.ts";
import { roundHalfEven } from "./crop.ts";
import { resample } from "./resample.ts";
import type { Interpolation, Size } from "./transform.ts";

/** ResizeKeepRatio, then CenterCropOrPad or RandomCropOrPad with mirrored borders. */
export interface KeepRatioCrop {
  op: "keepRatioCrop";
  size: Size;
  /** Share of the area that is seen, drawn with chance 1/2 (timm: 0.8 … 1). */
  scale: readonly [number, number];
  /** Change of the aspect, drawn with chance 1/2, evenly in its logarithm (timm: 0.9 … 1/0.9). */
  ratio: readonly [number, number];
  interpolation: Interpolation | "random";
  crop: "center" | "random";
}

export function keepRatioCrop(image: Picture, op: KeepRatioCrop, rng: Rng): RawImage {
  const [height, width] = op.size;
  const scaled = randomlyScaled(image, op, rng);
  const drawn = rng.uniform() < 0.5 ? "bilinear" : "bicubic";
  const [alongX, alongY] = [rng.uniform(), rng.uniform()];
  const box = {
    left: op.crop === "center" ? middle(scaled.width, width) : anywhere(scaled.width, width, alongX),
    top: op.crop === "center" ? middle(scaled.height, height) : anywhere(scaled.height, height, alongY),
    width,
    height,
  };
  // Only what is seen is made: a narrow image becomes huge.
  const [x, cutX] = seen(box.left, width, scaled.width);
  const [y, cutY] = seen(box.top, height, scaled.height);
  const part = resample(image, scaled.width, scaled.height, op.interpolation === "random" ? drawn : op.interpolation, {
    window: { left: x, top: y, width: cutX, height: cutY },
  });
  return mirrored(part, { ...box, left: box.left - x, top: box.top - y });
}

/** `scaledSize` with chance 1/2 for each of its two changes. */
export function randomlyScaled(
  image: { width: number; height: number },
  { size, scale, ratio }: Pick<KeepRatioCrop, "size" | "scale" | "ratio">,
  rng: Rng,
): { width: number; height: number } {
  // All four are drawn in any case, so that what comes later does not move.
  const zooms = rng.uniform() < 0.5;
  const share = between(rng, ...scale);
  const bends = rng.uniform() < 0.5;
  const aspect = Math.exp(between(rng, Math.log(ratio[0]), Math.log(ratio[1])));
  return scaledSize(image, size, zooms ? share : 1, bends ? aspect : 1);
}

/**
 * Width and height before the cut: the image covers `size`, then shows `share` of that area, with its aspect times
 * `aspect`.
 */
export function scaledSize(
  image: { width: number; height: number },
  [height, width]: Size,
  share: number,
  aspect: number,
): { width: number; height: number } {
  const shrink = Math.min(image.height / height, image.width / width);
  const zoom = 1 / Math.sqrt(share);
  const bend = Math.sqrt(aspect);
  return {
    width: Math.max(1, roundHalfEven((image.width * (zoom * bend)) / shrink)),
    height: Math.max(1, roundHalfEven((image.height * (zoom / bend)) / shrink)),
  };
}

/** Where the middle starts; negative where there is less than is wanted. */
function middle(length: number, wanted: number): number {
  return length < wanted ? -((wanted - length) >> 1) : roundHalfEven((length - wanted) / 2);
}

function anywhere(length: number, wanted: number, draw: number): number {
  const room = length - wanted;
  return Math.sign(room) * Math.floor(draw * (Math.abs(room) + 1));
}

/** The part of an edge that is read: the cut, or all of it where the cut reaches beyond. */
function seen(start: number, wanted: number, length: number): [start: number, length: number] {
  return start >= 0 && start + wanted <= length ? [start, wanted] : [0, length];
}

/** A cut from the image mirrored at its edges without end, edges not repeated: NumPy's `reflect`. */
export function mirrored(image: RawImage, box: Box): RawImage {
  const { data, channels } = image;
  if (box.left === 0 && box.top === 0 && box.width === image.width && box.height === image.height) return image;
  const out = blankImage(box.width, box.height, channels);
  const columns = Int32Array.from({ length: box.width }, (_, x) => reflect(box.left + x, image.width));
  for (let y = 0, t = 0; y < box.height; y++) {
    const row = reflect(box.top + y, image.height) * image.width;
    for (let x = 0; x < box.width; x++) {
      const source = (row + columns[x]!) * channels;
      for (let c = 0; c < channels; c++) out.data[t++] = data[source + c]!;
    }
  }
  return out;
}

function reflect(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = ((position % period) + period) % period;
  return phase < length ? phase : period - phase;
}
