// Operations on single values, with PIL's bytes (ImageOps): each is one table look-up. Alpha is kept; PIL refuses it.
// Source: https://pillow.readthedocs.io/en/stable/reference/ImageOps.html

import { VitrineError } from "@vitrine/core";
import { luma, type RawImage } from "../raw-image.ts";
import { colorChannels, curve, histograms, throughTables } from "./lookup.ts";
import { throughKernel } from "./through-kernel.ts";

/** 255 - value. */
export function invert(image: RawImage): RawImage {
  return throughTables(image, inverse);
}

const inverse = curve((value) => 255 - value);

/**
 * The upper `bits` of each value, 0 … 8; the rest become zero. 8 gives the image itself; 0 gives black, which timm's
 * schedules ask for at their end (Pillow 13 refuses it).
 */
export function posterize(image: RawImage, bits: number): RawImage {
  if (!(bits >= 0) || !Number.isInteger(bits)) {
    throw new VitrineError("posterize", `expected a whole number of bits, 0 to 8, found ${bits}`, { usage: true });
  }
  if (bits >= 8) return image;
  const mask = 0xff & (0xff << (8 - bits));
  return throughTables(
    image,
    curve((value) => value & mask),
  );
}

/** Values of `threshold` and above are inverted: 256 gives the image, 0 its inverse. */
export function solarize(image: RawImage, threshold = 128): RawImage {
  return throughTables(
    image,
    curve((value) => (value < threshold ? value : 255 - value)),
  );
}

/** `add` to values below `threshold`, cut to 0 … 255. timm's SolarizeAdd. */
export function solarizeAdd(image: RawImage, add: number, threshold = 128): RawImage {
  return throughTables(
    image,
    curve((value) => (value < threshold ? value + add : value)),
  );
}

/** An even distribution of the values of each channel. Channels with fewer than 255 pixels to move stay as they are. */
export function equalize(image: RawImage): RawImage {
  const counts = histograms(image);
  const tables = new Uint8Array(counts.length);
  for (let first = 0; first < counts.length; first += 256) {
    let last = 255;
    while (last > 0 && counts[first + last] === 0) last--;
    const total = (image.data.length / image.channels) | 0;
    // The last value that occurs is not counted: it becomes white. With one value nothing is left, and the step is 0.
    const step = Math.floor((total - counts[first + last]!) / 255);
    let n = step >> 1;
    for (let value = 0; value < 256; value++) {
      tables[first + value] = step === 0 ? value : Math.min(255, Math.floor(n / step));
      n += counts[first + value]!;
    }
  }
  return throughTables(image, tables);
}

/**
 * The darkest value of each channel becomes 0 and the lightest 255. `cutoff`: the percentage of pixels to leave out at
 * both ends, or at the dark and at the light end.
 */
export function autocontrast(image: RawImage, cutoff: number | readonly [number, number] = 0): RawImage {
  const [dark, light] = typeof cutoff === "number" ? [cutoff, cutoff] : cutoff;
  if (!(dark >= 0 && light >= 0)) {
    throw new VitrineError("autocontrast", `expected a cutoff of 0 to 100 per cent, found ${cutoff}`, { usage: true });
  }
  const counts = histograms(image);
  const pixels = image.data.length / image.channels;
  const tables = new Uint8Array(counts.length);
  for (let first = 0; first < counts.length; first += 256) {
    const own = counts.subarray(first, first + 256);
    drop(own, Math.floor((pixels * dark) / 100), 0, 1);
    drop(own, Math.floor((pixels * light) / 100), 255, -1);
    let low = 0;
    while (low < 255 && own[low] === 0) low++;
    let high = 255;
    while (high > 0 && own[high] === 0) high--;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    for (let value = 0; value < 256; value++) {
      const stretched = Math.max(0, Math.min(255, Math.trunc(value * scale + offset)));
      tables[first + value] = high <= low ? value : stretched;
    }
  }
  return throughTables(image, tables);
}

/** Takes `count` pixels off the histogram, from the value `from` on in the direction `step`. */
function drop(counts: Uint32Array, count: number, from: number, step: 1 | -1): void {
  for (let value = from, rest = count; rest > 0 && value >= 0 && value < 256; value += step) {
    const taken = Math.min(rest, counts[value]!);
    counts[value] = counts[value]! - taken;
    rest -= taken;
  }
}

/** ITU-R 601 luma in every colour channel; the number of channels stays. torchvision's `to_grayscale(3)`. */
export function grayscale(image: RawImage): RawImage {
  if (colorChannels(image.channels) === 1) return image;
  return grayscaleFast(image) ?? grayscalePlainly(image);
}

/** Of 3 or 4 channels. Undefined where the machine has no such vectors. */
export function grayscaleFast(image: RawImage): RawImage | undefined {
  const { channels } = image;
  return throughKernel(image, channels, (kernels, source, end, out) => kernels.grayscale(source, end, channels, out));
}

export function grayscalePlainly(image: RawImage): RawImage {
  const { data, channels } = image;
  const out = new Uint8Array(data);
  for (let i = 0; i < data.length; i += channels) out.fill(luma(data[i]!, data[i + 1]!, data[i + 2]!), i, i + 3);
  return { ...image, data: out };
}

/** `gain * (value / 255) ^ gamma`, by torchvision's table: below 1 shadows become lighter, above 1 darker. */
export function adjustGamma(image: RawImage, gamma: number, gain = 1): RawImage {
  if (!(gamma >= 0)) {
    throw new VitrineError("adjustGamma", `expected a gamma of 0 or more, found ${gamma}`, { usage: true });
  }
  // 255.999 spreads the 256 results evenly; a plain 255 would reach white by 1 alone.
  return throughTables(
    image,
    curve((value) => (255 + 1 - 1e-3) * gain * (value / 255) ** gamma),
  );
}
