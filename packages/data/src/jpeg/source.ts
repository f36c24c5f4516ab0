// JPEGs as sources of pixels.

import { type PixelSource, Undecodable } from "../picture.ts";
import { blankImage, extent, withChannelsPlainly } from "../raw-image.ts";
import { decodeJpeg } from "./decode.ts";
import { geometryOf, leastBytes } from "./geometry.ts";
import { jpegHeader } from "./header.ts";
import { boxInFile, turned, turnOf } from "./orientation.ts";

/**
 * The image upright, with 1 or 3 channels. Undefined for files that are not JPEGs, have more pixels, or are of a kind
 * that is left to another decoder (progressive ones, four inks, rare samplings), or too short for their sizes: a few
 * bytes that promise a large image are to cost no memory. Other damage is found when pixels are asked for.
 */
export function jpegSource(bytes: Uint8Array, channels: number, maxPixels: number): PixelSource | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const header = jpegHeader(bytes);
  if (header === undefined || header.width * header.height > maxPixels) return undefined;
  const turn = turnOf(header.orientation);
  const geometry = geometryOf(header, extent(header));
  if (turn === undefined || geometry === undefined) return undefined;
  if (bytes.length - header.scan < leastBytes(header, geometry)) return undefined;
  return {
    width: turn.swap ? header.height : header.width,
    height: turn.swap ? header.width : header.height,
    channels,
    write(box, target) {
      const part = boxInFile(box, turn, header);
      if (header.orientation === 1 && header.components.length === channels) {
        if (!decodeJpeg(bytes, header, part, target)) throw new Undecodable();
        return;
      }
      const lying = blankImage(part.width, part.height, header.components.length);
      if (!decodeJpeg(bytes, header, part, lying.data)) throw new Undecodable();
      const upright = turned(lying, turn);
      // Not by a kernel: `target` may lie in the kernels' memory, and is lost where that grows.
      target.set((upright.channels === channels ? upright : withChannelsPlainly(upright, channels)).data);
    },
  };
}
