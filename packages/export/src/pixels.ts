// Decoded images as the array that a graph is fed with.

import { VitrineError } from "@vitrine/core";
import type { InputDescription } from "./input-description.ts";

/** A decoded image: bytes 0 to 255, row by row, channels together. */
export interface Pixels {
  /** [height, width, channels] */
  data: Uint8Array;
  width: number;
  height: number;
  channels: number;
}

/** What a session takes for one input. */
export interface Feed {
  data: Float32Array | Uint8Array;
  shape: number[];
  dtype: "float32" | "uint8";
}

/** A batch of images of one size: bytes as they are, or normalised floats. A fixed batch size is filled up with black. */
export function feedOf(images: readonly Pixels[], input: InputDescription): Feed {
  const { width, height, channels } = images[0]!;
  const expected = input.preprocess?.channels ?? channels;
  for (const image of images)
    if (image.channels !== expected || image.data.length !== image.width * image.height * expected)
      throw new VitrineError("predict", `expected pixels of ${expected} channels, found ${image.channels}`);
  const batch = input.batch ?? images.length;
  const size = width * height * channels;
  if (input.inGraph !== "none") {
    const data = new Uint8Array(batch * size);
    for (const [i, image] of images.entries()) data.set(image.data, i * size);
    return { data, shape: [batch, height, width, channels], dtype: "uint8" };
  }
  const { mean, std } = input.preprocess!;
  const data = new Float32Array(batch * size);
  const planes = input.layout === "nchw";
  const area = width * height;
  images.forEach((image, n) => {
    for (let c = 0; c < channels; c++) {
      const scale = 1 / (255 * std[c]!);
      const shift = mean[c]! / std[c]!;
      const start = n * size + (planes ? c * area : c);
      const step = planes ? 1 : channels;
      for (let i = 0; i < area; i++) data[start + i * step] = image.data[i * channels + c]! * scale - shift;
    }
  });
  const shape = planes ? [batch, channels, height, width] : [batch, height, width, channels];
  return { data, shape, dtype: "float32" };
}
