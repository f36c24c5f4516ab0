// Decoded pixels, and the few conversions between channel counts.

import { VitrineError } from "@vitrine/core";
import { throughKernel } from "./transforms/through-kernel.ts";

/** An image in memory: 8 bits a channel, rows from top to bottom, channels interleaved ([height, width, channels]). */
export interface RawImage {
  data: Uint8Array;
  width: number;
  height: number;
  channels: number;
}

/** A rectangle of an image, in pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** All of an image. */
export function extent({ width, height }: { width: number; height: number }): Box {
  return { left: 0, top: 0, width, height };
}

/** True for decoded pixels, false for the bytes of an image file. */
export function isRawImage(value: RawImage | Uint8Array): value is RawImage {
  return !(value instanceof Uint8Array);
}

/** A black image. */
export function blankImage(width: number, height: number, channels: number): RawImage {
  return { data: new Uint8Array(width * height * channels), width, height, channels };
}

/**
 * The image with another number of channels, as PIL's `convert("RGB")` and `convert("L")` do it: grey is repeated, colour
 * becomes ITU-R 601 luma, alpha is dropped (not blended). The same object when nothing changes.
 */
export function withChannels(image: RawImage, channels: number): RawImage {
  if (image.channels === channels) return image;
  const from = image.channels;
  const supported = (channels === 1 || channels === 3) && from >= 1 && from <= 4;
  if (!supported) throw new VitrineError("withChannels", `cannot turn ${from} channels into ${channels}`);
  return withChannelsFast(image, channels) ?? withChannelsPlainly(image, channels);
}

/** Undefined where the machine has no such vectors, and for grey with alpha. */
export function withChannelsFast(image: RawImage, channels: number): RawImage | undefined {
  const from = image.channels;
  if (from === 2) return undefined;
  return throughKernel(image, channels, (kernels, source, end, out) => {
    if (channels === 1) kernels.luma(source, end, from, out);
    else if (from === 1) kernels.repeat(source, end, out);
    else kernels.dropFourth(source, end, out);
  });
}

export function withChannelsPlainly(image: RawImage, channels: number): RawImage {
  const { data, width, height, channels: from } = image;
  const out = blankImage(width, height, channels);
  const pixels = width * height;
  const target = out.data;
  if (from < 3) {
    for (let i = 0, s = 0, t = 0; i < pixels; i++, s += from) {
      const value = data[s]!;
      for (let c = 0; c < channels; c++) target[t++] = value;
    }
  } else if (channels === 3) {
    for (let i = 0, s = 0, t = 0; i < pixels; i++, s += from, t += 3) {
      target[t] = data[s]!;
      target[t + 1] = data[s + 1]!;
      target[t + 2] = data[s + 2]!;
    }
  } else {
    for (let i = 0, s = 0; i < pixels; i++, s += from) target[i] = luma(data[s]!, data[s + 1]!, data[s + 2]!);
  }
  return out;
}

/** ITU-R 601 luma in 16-bit fixed point, rounded: PIL's "L". */
export function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}
