// Hue, and the four adjustments in random order, with torchvision's bytes.

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast } from "./enhance.ts";
import { throughKernel } from "./through-kernel.ts";

/**
 * The hue turned by `shift` of the circle (-0.5 … 0.5), through PIL's 8-bit HSV as torchvision does. Grey images stay,
 * and so does alpha.
 */
export function adjustHue(image: RawImage, shift: number): RawImage {
  if (image.channels < 3) return image;
  const turn = Math.trunc(shift * 255) & 255;
  return turnHueFast(image, turn) ?? turnHuePlainly(image, turn);
}

/** By `turn` of 256, of 3 or 4 channels. Undefined where the machine has no such vectors. */
export function turnHueFast(image: RawImage, turn: number): RawImage | undefined {
  const { channels } = image;
  return throughKernel(image, channels, (kernels, source, end, out) => kernels.hue(source, end, channels, turn, out));
}

export function turnHuePlainly(image: RawImage, turn: number): RawImage {
  const { data, channels } = image;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += channels) {
    turnPixel(data, out, i, turn);
    if (channels === 4) out[i + 3] = data[i + 3]!;
  }
  return { ...image, data: out };
}

/** Strengths: the factors lie in 1 ± strength (not below 0), the turn of the hue in ± hue. */
export interface ColorJitter {
  brightness: number;
  contrast: number;
  saturation: number;
  hue: number;
}

/** torchvision's ColorJitter: the four adjustments in random order, each with a random factor. */
export function colorJitter(
  image: RawImage,
  { brightness, contrast, saturation, hue }: ColorJitter,
  rng: Rng,
): RawImage {
  const order = rng.permutation(4);
  const factor = (strength: number) => between(rng, Math.max(0, 1 - strength), 1 + strength);
  // All four are drawn even if unused, so that changing one strength leaves the other draws alone.
  const [b, c, s, h] = [factor(brightness), factor(contrast), factor(saturation), between(rng, -hue, hue)];
  let result = image;
  for (const step of order) {
    if (step === 0 && brightness > 0) result = enhanceBrightness(result, b);
    if (step === 1 && contrast > 0) result = enhanceContrast(result, c);
    if (step === 2 && saturation > 0) result = enhanceColor(result, s);
    if (step === 3 && hue > 0) result = adjustHue(result, h);
  }
  return result;
}

/** Uniform in [low, high). */
export function between(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.uniform();
}

/** To HSV and back with PIL's roundings, single precision where PIL has it; the hue moves by `turn` of 256. */
function turnPixel(from: Uint8Array, to: Uint8Array, i: number, turn: number): void {
  const r = from[i]!;
  const g = from[i + 1]!;
  const b = from[i + 2]!;
  const max = Math.max(r, g, b);
  const range = max - Math.min(r, g, b);
  const saturation = range === 0 ? 0 : Math.trunc(f32(range / max) * 255);
  if (saturation === 0) {
    to[i] = max;
    to[i + 1] = max;
    to[i + 2] = max;
    return;
  }
  const rc = f32((max - r) / range);
  const gc = f32((max - g) / range);
  const bc = f32((max - b) / range);
  const sextant = f32(r === max ? bc - gc : g === max ? 2 + rc - bc : 4 + gc - rc);
  const hue = (Math.trunc(f32((sextant / 6 + 1) % 1) * 255) + turn) & 255;
  const f = fractions[hue]!;
  const s = f32(saturation / 255);
  // For positive numbers this rounds as Math.round does, in less time.
  const p = (max * (1 - s) + 0.5) | 0;
  const q = (max * (1 - f32(s * f)) + 0.5) | 0;
  const t = (max * (1 - s * (1 - f)) + 0.5) | 0;
  const sector = sectors[hue]!;
  to[i] = sector === 0 || sector === 5 ? max : sector === 1 ? q : sector === 4 ? t : p;
  to[i + 1] = sector === 1 || sector === 2 ? max : sector === 0 ? t : sector === 3 ? q : p;
  to[i + 2] = sector === 3 || sector === 4 ? max : sector === 2 ? t : sector === 5 ? q : p;
}

const f32 = Math.fround;

/** The sixth of the circle in which a hue of 0 … 255 lies, and how far it is along in it. */
const sectors = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255) % 6);
const fractions = Float32Array.from({ length: 256 }, (_, hue) => ((hue * 6) / 255) % 1);
