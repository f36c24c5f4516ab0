// Values of an image between its pixels, a row of positions at a time, with PIL's arithmetic (Image.transform):
// positions are measured from the corner, so that the middle of the first pixel is 0.5; positions outside of the image
// leave the output as it was; neighbours beyond the edge are the edge; and bilinear and bicubic values are cut to
// integers, not rounded.

import type { RawImage } from "../raw-image.ts";

/** Writes the pixels at `positions` (x, y, x, y …) to `out` from `target` on. */
export type Sampler = (
  image: RawImage,
  positions: Float64Array,
  out: Uint8Array | Uint8ClampedArray,
  target: number,
) => void;

export const sampleNearest: Sampler = ({ data, width, height, channels }, positions, out, target) => {
  for (let i = 0, t = target; i < positions.length; i += 2, t += channels) {
    const x = positions[i]!;
    const y = positions[i + 1]!;
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    const s = ((y | 0) * width + (x | 0)) * channels;
    out[t] = data[s]!;
    if (channels === 3) {
      out[t + 1] = data[s + 1]!;
      out[t + 2] = data[s + 2]!;
    } else {
      for (let c = 1; c < channels; c++) out[t + c] = data[s + c]!;
    }
  }
};

export const sampleBilinear: Sampler = ({ data, width, height, channels }, positions, out, target) => {
  const stride = width * channels;
  const right = width - 1;
  const bottom = height - 1;
  for (let i = 0, t = target; i < positions.length; i += 2, t += channels) {
    let x = positions[i]!;
    let y = positions[i + 1]!;
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    x -= 0.5;
    y -= 0.5;
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const dx = x - x0;
    const dy = y - y0;
    const a = Math.max(y0, 0) * stride;
    const b = (y0 < bottom ? y0 + 1 : bottom) * stride;
    let s0 = Math.max(x0, 0) * channels;
    let s1 = (x0 < right ? x0 + 1 : right) * channels;
    for (let c = 0; c < channels; c++, s0++, s1++) {
      const p = data[a + s0]!;
      const q = data[b + s0]!;
      const upper = p + (data[a + s1]! - p) * dx;
      const lower = q + (data[b + s1]! - q) * dx;
      out[t + c] = upper + (lower - upper) * dy;
    }
  }
};

export const sampleBicubic: Sampler = ({ data, width, height, channels }, positions, out, target) => {
  const stride = width * channels;
  const right = width - 1;
  const bottom = height - 1;
  for (let i = 0, t = target; i < positions.length; i += 2, t += channels) {
    let x = positions[i]!;
    let y = positions[i + 1]!;
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    x -= 0.5;
    y -= 0.5;
    const x1 = Math.floor(x);
    const y1 = Math.floor(y);
    const dx = x - x1;
    const dy = y - y1;
    const s0 = (x1 < 1 ? 0 : x1 - 1) * channels;
    const s1 = Math.max(x1, 0) * channels;
    const s2 = (x1 < right ? x1 + 1 : right) * channels;
    const s3 = (x1 < right - 1 ? x1 + 2 : right) * channels;
    const r0 = (y1 < 1 ? 0 : y1 - 1) * stride;
    const r1 = Math.max(y1, 0) * stride;
    const r2 = (y1 < bottom ? y1 + 1 : bottom) * stride;
    const r3 = (y1 < bottom - 1 ? y1 + 2 : bottom) * stride;
    for (let c = 0; c < channels; c++) {
      const row0 = r0 + c;
      const row1 = r1 + c;
      const row2 = r2 + c;
      const row3 = r3 + c;
      const v0 = cubic(data[row0 + s0]!, data[row0 + s1]!, data[row0 + s2]!, data[row0 + s3]!, dx);
      const v1 = cubic(data[row1 + s0]!, data[row1 + s1]!, data[row1 + s2]!, data[row1 + s3]!, dx);
      const v2 = cubic(data[row2 + s0]!, data[row2 + s1]!, data[row2 + s2]!, data[row2 + s3]!, dx);
      const v3 = cubic(data[row3 + s0]!, data[row3 + s1]!, data[row3 + s2]!, data[row3 + s3]!, dx);
      const v = cubic(v0, v1, v2, v3, dy);
      out[t + c] = Math.max(0, Math.min(255, v));
    }
  }
};

/** The cubic through four values one apart, `d` of the way from the second to the third; Keys' with a = -1. */
function cubic(v0: number, v1: number, v2: number, v3: number, d: number): number {
  return v1 + d * (-v0 + v2 + d * (2 * (v0 - v1) + v2 - v3 + d * (-v0 + v1 - v2 + v3)));
}
