// Resizing that gives PIL's bytes: a separable filter, widened when the image shrinks, in fixed point with 22 bits, in
// two passes that each round to 8 bits. libvips takes other roundings and shrinks in two steps, so it cannot be used
// here: weights trained with timm are evaluated on what PIL makes.

import { type Picture, pixelsOf } from "../picture.ts";
import { type Box, extent, type RawImage } from "../raw-image.ts";
import { hasAlpha, premultiply, unpremultiplyInPlace } from "./alpha.ts";
import { type Filter, filterWeights } from "./filters.ts";
import { nearestFast, nearestPlainly } from "./resample-nearest.ts";
import { resampleFast, resamplePlainly } from "./resample-passes.ts";
import type { Interpolation } from "./transform.ts";

/** Parts of the input and of the output; each is all of it by default. */
export interface Parts {
  /** What is resized. Nothing outside of it is seen: PIL's `crop(box).resize(size)`. */
  box?: Box;
  /** What is wanted of the resized image: PIL's `resize(size).crop(window)`, without making the rest. */
  window?: Box;
}

/** The image at a new size. The same object when nothing changes. Of a source only what is seen is decoded. */
export function resample(
  image: Picture,
  width: number,
  height: number,
  interpolation: Interpolation,
  parts: Parts = {},
): RawImage {
  const { box = extent(image), window = extent({ width, height }) } = parts;
  if (width === box.width && height === box.height) {
    return pixelsOf(image, { ...window, left: box.left + window.left, top: box.top + window.top });
  }
  if (interpolation === "nearest") {
    const whole = "data" in image;
    const plan = { image: whole ? image : pixelsOf(image, box), box: whole ? box : extent(box), width, height, window };
    return nearestFast(plan) ?? nearestPlainly(plan);
  }
  if (!hasAlpha(image)) return filtered(image, width, height, interpolation, box, window);
  const out = filtered(premultiply(pixelsOf(image)), width, height, interpolation, box, window);
  unpremultiplyInPlace(out);
  return out;
}

function filtered(
  image: Picture,
  width: number,
  height: number,
  interpolation: Filter,
  box: Box,
  window: Box,
): RawImage {
  const columns = filterWeights(box.width, width, window.left, window.width, interpolation);
  const rows = filterWeights(box.height, height, window.top, window.height, interpolation);
  const [down, across] = [box.height - height, box.width - width];
  // Pillow 13's rule; older ones always begin with the rows. What loses most pixels goes first.
  const plan = { image, box, columns, rows, columnsFirst: down > 0 && down > 2 * across };
  return resampleFast(plan) ?? resamplePlainly(plan);
}
