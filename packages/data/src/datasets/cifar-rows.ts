// A file of CIFAR, whatever its version: labels, and images of three planes.

import type { RawImage } from "../raw-image.ts";

const edge = 32;
const plane = edge * edge;

/** Bytes of an image. */
export const imageBytes = 3 * plane;

export interface CifarRows {
  file: string;
  labels: ArrayLike<number>;
  /** Image `i` begins at `first + i * stride`: red, green, blue, each [32, 32]. */
  bytes: Uint8Array;
  first: number;
  stride: number;
}

/** Pixels of row `i`, [32, 32, 3]. */
export function imageOfRow({ bytes, first, stride }: CifarRows, i: number): RawImage {
  const start = first + i * stride;
  const data = new Uint8Array(imageBytes);
  for (let s = start, t = 0; t < imageBytes; s++, t += 3) {
    data[t] = bytes[s]!;
    data[t + 1] = bytes[s + plane]!;
    data[t + 2] = bytes[s + 2 * plane]!;
  }
  return { data, width: edge, height: edge, channels: 3 };
}
