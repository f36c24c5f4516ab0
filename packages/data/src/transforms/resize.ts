// To another size, by three ways to fit.

import { VitrineError } from "@vitrine/core";
import type { Picture } from "../picture.ts";
import type { RawImage } from "../raw-image.ts";
import { centerBox, roundHalfEven } from "./crop.ts";
import { resample } from "./resample.ts";
import type { Interpolation, Size } from "./transform.ts";

/**
 * `exact`: both edges as given. `shortest`: keeps the ratio and covers the size. `longest`: keeps it and fits inside.
 */
export interface Resize {
  op: "resize";
  size: Size;
  fit: "exact" | "shortest" | "longest";
  interpolation: Interpolation;
}

export function resize(image: Picture, op: Resize): RawImage {
  const [height, width] = resizedSize(image, op);
  if (height * width > 2 ** 28) {
    const found = `an image of ${image.width} x ${image.height} becomes ${width} x ${height}`;
    throw new VitrineError("resize", `${found}; images this narrow cannot be used with fit "${op.fit}"`);
  }
  return resample(image, width, height, op.interpolation);
}

/**
 * The middle of the resized image without the rest of it, which is huge for a narrow image. Undefined where it is too
 * small.
 */
export function resizeAndCrop(image: Picture, op: Resize, size: Size): RawImage | undefined {
  const [height, width] = resizedSize(image, op);
  if (height < size[0] || width < size[1]) return undefined;
  return resample(image, width, height, op.interpolation, { window: centerBox({ width, height }, size) });
}

/**
 * Where the ratio is kept, torchvision's arithmetic for square sizes (the other edge is cut to an integer) and timm's
 * for others (it is rounded).
 */
function resizedSize(image: Picture, { size: [height, width], fit }: Resize): Size {
  if (fit === "exact") return [height, width];
  const { width: w, height: h } = image;
  if (fit === "shortest" && height === width) {
    return w <= h ? [Math.trunc((width * h) / w), width] : [height, Math.trunc((height * w) / h)];
  }
  const ratios = [h / height, w / width] as const;
  const ratio = fit === "longest" ? Math.max(...ratios) : Math.min(...ratios);
  return [Math.max(1, roundHalfEven(h / ratio)), Math.max(1, roundHalfEven(w / ratio))];
}
