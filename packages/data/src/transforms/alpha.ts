// Images with alpha (2 or 4 channels) are interpolated with colours multiplied by alpha, so that what is invisible does
// not bleed into what is seen. PIL's modes "RGBa" and "La", with its roundings.

import type { RawImage } from "../raw-image.ts";

/** True where the last channel is alpha. */
export function hasAlpha({ channels }: { channels: number }): boolean {
  return channels % 2 === 0;
}

/** Colours times alpha. */
export function premultiply(image: RawImage): RawImage {
  const { data, channels } = image;
  const out = new Uint8Array(data.length);
  const last = channels - 1;
  for (let i = 0; i < data.length; i += channels) {
    const alpha = data[i + last]!;
    for (let c = i; c < i + last; c++) {
      const product = data[c]! * alpha + 128;
      out[c] = ((product >> 8) + product) >> 8;
    }
    out[i + last] = alpha;
  }
  return { ...image, data: out };
}

/** The way back, in place: colours through alpha, cut to 8 bits. */
export function unpremultiplyInPlace({ data, channels }: RawImage): void {
  const last = channels - 1;
  for (let i = 0; i < data.length; i += channels) {
    const alpha = data[i + last]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = i; c < i + last; c++) data[c] = Math.min(255, Math.floor((255 * data[c]!) / alpha));
  }
}
