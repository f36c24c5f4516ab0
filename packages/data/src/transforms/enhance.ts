// Brightness, contrast, colour and sharpness with the bytes of PIL's ImageEnhance: each goes from something dull
// (factor 0) to the image (factor 1) and beyond. Alpha is kept.
// Source: https://pillow.readthedocs.io/en/stable/reference/ImageEnhance.html

import { luma, type RawImage, withChannels } from "../raw-image.ts";
import { colorChannels, histograms, throughTables } from "./lookup.ts";
import { throughKernel } from "./through-kernel.ts";

/** 0: black, 1: as it is. */
export function enhanceBrightness(image: RawImage, factor: number): RawImage {
  return factor === 1 ? image : throughTables(image, blendTable(0, factor));
}

/** 0: its mean grey, 1: as it is. */
export function enhanceContrast(image: RawImage, factor: number): RawImage {
  return factor === 1 ? image : throughTables(image, blendTable(Math.floor(meanLuma(image) + 0.5), factor));
}

/** 0: grey, 1: as it is. Grey images stay. */
export function enhanceColor(image: RawImage, factor: number): RawImage {
  if (colorChannels(image.channels) === 1 || factor === 1) return image;
  return enhanceColorFast(image, factor) ?? enhanceColorPlainly(image, factor);
}

/** Of 3 or 4 channels. Undefined where the machine has no such vectors. */
export function enhanceColorFast(image: RawImage, factor: number): RawImage | undefined {
  const { channels } = image;
  return throughKernel(image, channels, (kernels, source, end, out) =>
    kernels.color(source, end, channels, single(factor), out),
  );
}

export function enhanceColorPlainly(image: RawImage, factor: number): RawImage {
  const { data, channels } = image;
  const out = new Uint8ClampedArray(data.length);
  const f = single(factor);
  for (let i = 0; i < data.length; i += channels) {
    const r = data[i]!;
    const g = data[i + 1]!;
    const b = data[i + 2]!;
    const grey = luma(r, g, b);
    out[i] = blend(grey, r, f);
    out[i + 1] = blend(grey, g, f);
    out[i + 2] = blend(grey, b, f);
    if (channels === 4) out[i + 3] = data[i + 3]!;
  }
  return { ...image, data: new Uint8Array(out.buffer) };
}

/** 0: smoothed by a window of 3 x 3 with a heavy middle, 1: as it is, 2: sharpened. Pixels at the edge stay. */
export function enhanceSharpness(image: RawImage, factor: number): RawImage {
  if (image.width < 3 || image.height < 3 || factor === 1) return image;
  return enhanceSharpnessFast(image, factor) ?? enhanceSharpnessPlainly(image, factor);
}

/** Of 3 x 3 pixels or more. Undefined where the machine has no such vectors. */
export function enhanceSharpnessFast(image: RawImage, factor: number): RawImage | undefined {
  const { width, height, channels } = image;
  return throughKernel(image, channels, (kernels, source, _end, out) =>
    kernels.sharpness(source, width, height, channels, single(factor), out),
  );
}

export function enhanceSharpnessPlainly(image: RawImage, factor: number): RawImage {
  const { data, width, height, channels } = image;
  const out = new Uint8ClampedArray(data);
  const f = single(factor);
  const colors = colorChannels(channels);
  const stride = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let c = 0; c < colors; c++) {
      // Sums of three values below each other: the left, the middle and the right of the window, which moves by one.
      let i = y * stride + c;
      let left = data[i - stride]! + data[i]! + data[i + stride]!;
      i += channels;
      let middle = data[i - stride]! + data[i]! + data[i + stride]!;
      for (const end = (y + 1) * stride - channels; i < end; i += channels) {
        const next = i + channels;
        const right = data[next - stride]! + data[next]! + data[next + stride]!;
        const value = data[i]!;
        const smooth = thirteenths[left + middle + right + 4 * value]!;
        out[i] = blend(smooth, value, f);
        left = middle;
        middle = right;
      }
    }
  }
  return { ...image, data: new Uint8Array(out.buffer) };
}

/** `sum / 13`, rounded: the weights of the smoothing window are 1 around and 5 in the middle. */
const thirteenths = Uint8Array.from({ length: 13 * 255 + 1 }, (_, sum) => Math.floor((2 * sum + 13) / 26));

const f32 = Math.fround;

/** In single precision, as PIL has it. Beyond a factor of 1e6 nothing changes any more. */
function single(factor: number): number {
  return f32(Math.max(-1e6, Math.min(1e6, factor)));
}

/** From `from` (factor 0) over `to` (factor 1) and beyond, in 32-bit floats without the fraction: PIL's Image.blend. */
function blend(from: number, to: number, factor: number): number {
  return f32(from + f32(factor * (to - from))) | 0;
}

/** Every value blended with `from`, cut to 8 bits. */
function blendTable(from: number, factor: number): Uint8Array {
  const table = new Uint8ClampedArray(256);
  const f = single(factor);
  for (let value = 0; value < 256; value++) table[value] = blend(from, value, f);
  return new Uint8Array(table.buffer);
}

function meanLuma(image: RawImage): number {
  const counts = histograms(colorChannels(image.channels) === 3 ? withChannels(image, 1) : image);
  const sum = counts.reduce((total, count, value) => total + count * value, 0);
  return sum / (image.width * image.height);
}
