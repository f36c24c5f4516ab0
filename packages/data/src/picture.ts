// Images whose pixels are not there yet. Most of what a crop leaves out never has to be decoded.

import { type Box, extent, type RawImage } from "./raw-image.ts";
import { crop } from "./transforms/crop.ts";

/** Makes the pixels that are asked for. */
export interface PixelSource {
  width: number;
  height: number;
  channels: number;
  /** Writes a part that lies inside, row by row. @throws Undecodable where only a slower decoder may know the file. */
  write(box: Box, target: Uint8Array): void;
}

export type Picture = RawImage | PixelSource;

/** The codes of a file make no sense to a source. */
export class Undecodable extends Error {
  override name = "Undecodable";
}

/** The pixels of a part, or of all. */
export function pixelsOf(picture: Picture, box: Box = extent(picture)): RawImage {
  if ("data" in picture) return crop(picture, box);
  const { width, height } = box;
  const data = new Uint8Array(width * height * picture.channels);
  picture.write(box, data);
  return { data, width, height, channels: picture.channels };
}

/** The same, into memory that is there. */
export function writePixels(picture: Picture, box: Box, target: Uint8Array): void {
  if (!("data" in picture)) {
    picture.write(box, target);
    return;
  }
  const { data, width, channels } = picture;
  const stride = box.width * channels;
  for (let y = 0; y < box.height; y++) {
    const from = ((box.top + y) * width + box.left) * channels;
    target.set(data.subarray(from, from + stride), y * stride);
  }
}
