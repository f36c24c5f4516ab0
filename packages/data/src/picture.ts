// Images whose pixels are not there yet. Most of what a crop leaves out never has to be decoded.

import { type Box, extent, type RawImage } from "./raw-image.ts";
import { crop } from "./transforms/crop.ts";

/** Makes the pixels that are asked for. */
export interface PixelSource {
  width: number;
  height: number;
  channels: number;
  /** A part that lies inside. @throws Undecodable where only a slower decoder may know the file. */
  pixels(box: Box): RawImage;
}

export type Picture = RawImage | PixelSource;

/** The codes of a file make no sense to a source. */
export class Undecodable extends Error {
  override name = "Undecodable";
}

/** The pixels of a part, or of all. */
export function pixelsOf(picture: Picture, box: Box = extent(picture)): RawImage {
  return "data" in picture ? crop(picture, box) : picture.pixels(box);
}
