// A transform is a list of plain objects, so that it travels to workers and into JSON files. `applyTransform` runs it.

import type { RawImage } from "../raw-image.ts";

/** Height and width in pixels. */
export type Size = readonly [height: number, width: number];

/** PIL's resampling filters. They widen when an image shrinks (antialias), as in `PIL.Image.resize`. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** What lies outside of an image: one colour, or the image mirrored without (`reflect`) its edge, or its edge repeated. */
export type PadMode = "constant" | "reflect" | "edge";

export type TransformOp =
  /** `exact`: both edges as given. `shortest`: keeps the ratio, covers the size. `longest`: keeps the ratio, fits inside. */
  | { op: "resize"; size: Size; fit: "exact" | "shortest" | "longest"; interpolation: Interpolation }
  /** Cut from the middle; what is missing is filled. */
  | { op: "centerCrop"; size: Size; fill: readonly number[] }
  /** torchvision's: an area of `scale` times the image's with an aspect of `ratio`, 10 tries, else the middle; resized. */
  | {
      op: "randomResizedCrop";
      size: Size;
      scale: readonly [number, number];
      ratio: readonly [number, number];
      interpolation: Interpolation | "random";
    }
  /** Padded by `padding` on all sides (and to at least `size`), then cut anywhere. */
  | { op: "randomCrop"; size: Size; padding: number; padMode: PadMode; fill: readonly number[] }
  | { op: "pad"; padding: number; padMode: PadMode; fill: readonly number[] }
  | { op: "hflip"; p: number }
  | { op: "vflip"; p: number }
  /** torchvision's: brightness, contrast and saturation times 1 ± x, hue turned by ± x of the circle, in random order. */
  | { op: "colorJitter"; brightness: number; contrast: number; saturation: number; hue: number; p: number };

/** A serialisable recipe from an image of any size to one of `size` and `channels`. */
export interface Transform {
  readonly size: Size;
  readonly channels: number;
  readonly ops: readonly TransformOp[];
}

/** What random decisions depend on, and all they depend on. */
export interface SampleKey {
  seed: number;
  epoch: number;
  /** Position of the sample in its data set. */
  sample: number;
}

export interface ApplyTransform {
  /**
   * The image of `transform.size` and `transform.channels`. Random operations need `key`; the same key gives the same bytes.
   * The result may be `image` itself when there is nothing to do.
   */
  (image: RawImage, transform: Transform, key?: SampleKey): RawImage;
}
