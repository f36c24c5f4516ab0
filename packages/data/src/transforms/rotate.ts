// Rotation with PIL's bytes (Image.rotate).

import type { RawImage } from "../raw-image.ts";
import { type AffineMatrix, affineTo, type WarpOptions } from "./warp.ts";

export interface RotateOptions extends WarpOptions {
  /** The output grows until all of the image fits; thought for rotations about the middle. (false) */
  expand?: boolean;
  /** In pixels from the upper left corner. (the middle) */
  center?: readonly [x: number, y: number];
  /** Moves the image after the rotation, in pixels. */
  translate?: readonly [x: number, y: number];
}

/** Turned counter-clockwise. Right angles move pixels without interpolation where the size allows it. */
export function rotate(image: RawImage, degrees: number, options: RotateOptions = {}): RawImage {
  const { expand = false, center, translate } = options;
  let angle = degrees % 360;
  if (angle < 0) angle += 360;
  if (center === undefined && translate === undefined) {
    if (angle === 0) return image;
    if (angle === 180) return turn(image, 2);
    if ((angle === 90 || angle === 270) && (expand || image.width === image.height)) return turn(image, angle / 90);
  }
  const { width, height } = image;
  const [centerX, centerY] = center ?? [width / 2, height / 2];
  const [moveX, moveY] = translate ?? [0, 0];
  const radians = -(angle * (Math.PI / 180));
  const [cos, sin] = [round15(Math.cos(radians)), round15(Math.sin(radians))];
  const turned = (x: number, y: number) => [cos * x + sin * y, -sin * x + cos * y] as const;
  const [startX, startY] = turned(-centerX - moveX, -centerY - moveY);
  let matrix: AffineMatrix = [cos, sin, startX + centerX, -sin, cos, startY + centerY];
  if (!expand) return affineTo(image, width, height, matrix, options);

  const map = (x: number, y: number) => [cos * x + sin * y + matrix[2], -sin * x + cos * y + matrix[5]] as const;
  const corners = [map(0, 0), map(width, 0), map(width, height), map(0, height)];
  const extent = (axis: 0 | 1) => {
    const values = corners.map((corner) => corner[axis]);
    return Math.ceil(Math.max(...values)) - Math.floor(Math.min(...values));
  };
  const [newWidth, newHeight] = [extent(0), extent(1)];
  const [x, y] = map(-(newWidth - width) / 2, -(newHeight - height) / 2);
  matrix = [cos, sin, x, -sin, cos, y];
  return affineTo(image, newWidth, newHeight, matrix, options);
}

/** Python's `round(x, 15)`: the cosine of a right angle becomes 0. */
function round15(value: number): number {
  return Number(value.toFixed(15));
}

/** Turned counter-clockwise by so many right angles. */
function turn(image: RawImage, quarters: number): RawImage {
  const { data, width, height, channels } = image;
  const out = new Uint8Array(data.length);
  const across = quarters === 2;
  const [outWidth, outHeight] = across ? [width, height] : [height, width];
  // Where the first output pixel lies in the input, and how far it is to the next in a row and in a column.
  const last = width * height - 1;
  const start = quarters === 1 ? width - 1 : across ? last : last - width + 1;
  const stepX = quarters === 1 ? width : across ? -1 : -width;
  const stepY = quarters === 1 ? -1 : across ? -width : 1;
  for (let y = 0, t = 0; y < outHeight; y++) {
    let s = (start + y * stepY) * channels;
    for (let x = 0; x < outWidth; x++, s += stepX * channels) {
      for (let c = 0; c < channels; c++) out[t++] = data[s + c]!;
    }
  }
  return { data: out, width: outWidth, height: outHeight, channels };
}
