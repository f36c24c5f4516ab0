// Cutting, padding and mirroring: pixels move, none changes.

import { VitrineError } from "@vitrine/core";
import { type Box, blankImage, type RawImage } from "../raw-image.ts";
import { throughKernel } from "./through-kernel.ts";
import type { PadMode, Size } from "./transform.ts";

/** A rectangle that lies inside of the image. The same object when it is all of it. */
export function crop(image: RawImage, box: Box): RawImage {
  const { data, width, height, channels } = image;
  if (box.left === 0 && box.top === 0 && box.width === width && box.height === height) return image;
  const out = new Uint8Array(box.width * box.height * channels);
  const length = box.width * channels;
  for (let y = 0; y < box.height; y++) {
    const start = ((box.top + y) * width + box.left) * channels;
    copyRow(data, start, out, y * length, length);
  }
  return { data: out, width: box.width, height: box.height, channels };
}

/** Pixels added at each edge. */
export interface Margins {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The image with a border. `fill`: 0 … 255, one number or one a channel; used by `constant`. */
export function pad(image: RawImage, margins: Margins, mode: PadMode, fill: readonly number[]): RawImage {
  const { left, top, right, bottom } = margins;
  if (left === 0 && top === 0 && right === 0 && bottom === 0) return image;
  const { data, channels } = image;
  const out = blankImage(image.width + left + right, image.height + top + bottom, channels);
  if (mode !== "constant") {
    if (mode === "reflect") checkReflection(image, margins);
    for (let y = 0, t = 0; y < out.height; y++) {
      const row = outside(y - top, image.height, mode) * image.width;
      for (let x = 0; x < out.width; x++) {
        const source = (row + outside(x - left, image.width, mode)) * channels;
        for (let c = 0; c < channels; c++) out.data[t++] = data[source + c]!;
      }
    }
    return out;
  }
  if (fill.some((value) => value !== 0)) {
    const color = Array.from({ length: channels }, (_, c) => fill[c % fill.length]!);
    for (let t = 0; t < out.data.length; t += channels) for (let c = 0; c < channels; c++) out.data[t + c] = color[c]!;
  }
  const length = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    copyRow(data, y * length, out.data, ((y + top) * out.width + left) * channels, length);
  }
  return out;
}

/** Cut from the middle; where the image is smaller, it is padded first. Odd rests go where torchvision puts them. */
export function centerCrop(image: RawImage, size: Size, fill: readonly number[]): RawImage {
  const missingX = Math.max(0, size[1] - image.width);
  const missingY = Math.max(0, size[0] - image.height);
  const padded = pad(
    image,
    { left: missingX >> 1, top: missingY >> 1, right: (missingX + 1) >> 1, bottom: (missingY + 1) >> 1 },
    "constant",
    fill,
  );
  return crop(padded, centerBox(padded, size));
}

/** Where `centerCrop` cuts an image that is large enough. */
export function centerBox(image: { width: number; height: number }, [height, width]: Size): Box {
  const left = roundHalfEven((image.width - width) / 2);
  const top = roundHalfEven((image.height - height) / 2);
  return { left, top, width, height };
}

/** Mirrored left to right. */
export function flipHorizontally(image: RawImage): RawImage {
  return flipFast(image) ?? flipPlainly(image);
}

/** Undefined where the machine has no such vectors. */
export function flipFast(image: RawImage): RawImage | undefined {
  const { width, height, channels } = image;
  return throughKernel(image, channels, (kernels, source, _end, out) =>
    kernels.mirror(source, width, height, channels, out),
  );
}

export function flipPlainly(image: RawImage): RawImage {
  const { data, width, height, channels } = image;
  const out = new Uint8Array(data.length);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    let s = (y + 1) * stride - channels;
    for (let t = y * stride; t < (y + 1) * stride; t += channels, s -= channels) {
      for (let c = 0; c < channels; c++) out[t + c] = data[s + c]!;
    }
  }
  return { ...image, data: out };
}

/** Mirrored top to bottom. */
export function flipVertically(image: RawImage): RawImage {
  const { data, width, height, channels } = image;
  const out = new Uint8Array(data.length);
  const length = width * channels;
  for (let y = 0; y < height; y++) copyRow(data, y * length, out, (height - 1 - y) * length, length);
  return { ...image, data: out };
}

/** Python's `round`: a half goes to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Short runs are copied by a loop: a view and `set` cost more than the 30 … 100 bytes of a row of a small image. */
function copyRow(from: Uint8Array, start: number, to: Uint8Array, target: number, length: number): void {
  if (length > 128) {
    to.set(from.subarray(start, start + length), target);
    return;
  }
  for (let i = 0; i < length; i++) to[target + i] = from[start + i]!;
}

function outside(position: number, length: number, mode: "reflect" | "edge"): number {
  if (mode === "edge") return Math.min(length - 1, Math.max(0, position));
  if (position < 0) return -position;
  return position < length ? position : 2 * (length - 1) - position;
}

function checkReflection({ width, height }: RawImage, { left, top, right, bottom }: Margins): void {
  if (Math.max(left, right) < width && Math.max(top, bottom) < height) return;
  throw new VitrineError(
    "pad",
    `padding by reflection must be smaller than the image: ${left}, ${top}, ${right}, ${bottom} (left, top, right, bottom) around ` +
      `${width} x ${height} pixels; use padMode "edge" or "constant"`,
  );
}
