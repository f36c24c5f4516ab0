// Images that are in memory already.

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import type { Dataset } from "./dataset.ts";

export interface ArrayOptions {
  /** Pixels of all images one after the other, [N, height, width, channels]; or one image each. */
  images: Uint8Array | readonly RawImage[];
  /** Needed where `images` is one array. */
  width?: number;
  height?: number;
  /** (1) */
  channels?: number;
  /** Class index of each image. */
  labels: ArrayLike<number>;
  classes: readonly string[];
  /** ("memory") */
  name?: string;
}

/** A data set of pixels in memory. They are used where they lie, not copied. */
export function arrayDataset(options: ArrayOptions): Dataset {
  const { images, labels, classes, name = "memory" } = options;
  const load = images instanceof Uint8Array ? slices(images, options) : (i: number) => images[i]!;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes.length) {
      throw new VitrineError(name, `expected labels from 0 to ${classes.length - 1}, found ${label} for image ${i}`);
    }
  }
  if (!(images instanceof Uint8Array) && images.length !== labels.length) {
    throw new VitrineError(name, `expected one label an image, found ${labels.length} for ${images.length} images`);
  }
  return {
    name,
    classes,
    length: labels.length,
    label: (i) => labels[i]!,
    path: (i) => `${name}#${i}`,
    load,
    decoded: true,
  };
}

function slices(pixels: Uint8Array, options: ArrayOptions): (i: number) => RawImage {
  const { width = 0, height = 0, channels = 1, labels, name = "memory" } = options;
  const size = width * height * channels;
  const expected = labels.length * size;
  if (size === 0 || pixels.length !== expected) {
    throw new VitrineError(
      name,
      `expected ${labels.length} x ${height} x ${width} x ${channels} = ${expected} bytes of pixels, found ${pixels.length}`,
    );
  }
  return (i) => ({ data: pixels.subarray(i * size, (i + 1) * size), width, height, channels });
}
