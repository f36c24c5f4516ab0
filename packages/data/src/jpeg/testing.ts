// What the tests of this folder share: files made by Pillow (scripts/fixtures/jpegs.py), and sharp's opinion of a file.

import { readFileSync } from "node:fs";
import sharp from "sharp";
import made from "../__fixtures__/jpegs/decoded.json" with { type: "json" };
import { type RawImage, withChannels } from "../raw-image.ts";

export const fixtures = made.files;

const folder = new URL("../__fixtures__/jpegs/", import.meta.url);

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.jpg`, folder)));
}

/** Pixels upright. */
export async function bySharp(bytes: Uint8Array, channels: number, maxPixels = 1e8): Promise<RawImage> {
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: maxPixels })
    .autoOrient()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return withChannels({ data, width: info.width, height: info.height, channels: info.channels as number }, channels);
}

/** Where a segment stands: the place of its marker's 0xff. */
export function segmentAt(bytes: Uint8Array, marker: number): number {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at + 1] === marker) return at;
    at += bytes[at + 1] === 0xff ? 1 : 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  throw new Error(`no segment ${marker.toString(16)}`);
}

/** The file with other bytes, `by` place. */
export function patched(bytes: Uint8Array, by: Record<number, number>): Uint8Array {
  const out = bytes.slice();
  for (const [at, value] of Object.entries(by)) out[Number(at)] = value;
  return out;
}

/** The file with other sizes in its frame. */
export function resized(bytes: Uint8Array, width: number, height: number): Uint8Array {
  const at = segmentAt(bytes, 0xc0) + 5;
  return patched(bytes, { [at]: height >> 8, [at + 1]: height & 255, [at + 2]: width >> 8, [at + 3]: width & 255 });
}

/** The file with a segment behind its first marker. */
export function withSegment(bytes: Uint8Array, marker: number, body: readonly number[]): Uint8Array {
  const length = body.length + 2;
  return Uint8Array.from([0xff, 0xd8, 0xff, marker, length >> 8, length & 255, ...body, ...bytes.subarray(2)]);
}
