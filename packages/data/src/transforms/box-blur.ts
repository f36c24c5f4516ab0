// Three passes of a box along rows and three along columns, each rounded to 8 bits, as PIL blurs. In WebAssembly's
// vectors, and the same in plain code for machines without them; both give the same bytes.

import type { RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { machineWith } from "./machine.ts";

export const passes = 3;

/** A box: `reach` whole pixels to both sides, each with weight `whole`, and one more with weight `end`, of 2 ** 24. */
export interface BoxWeights {
  reach: number;
  whole: number;
  end: number;
}

/** Undefined where the machine has no such vectors. */
export function boxBlurFast({ data, width, height, channels }: RawImage, box: BoxWeights): RawImage | undefined {
  const places = layout([data.length, data.length, 4 * Math.max(width, height) * channels + 32]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const [one, other, sums] = places.starts as [number, number, number];
  const bytes = new Uint8Array(machine.memory.buffer);
  const all = new Int32Array(machine.memory.buffer, sums);
  /** From `one` to `other`; the passes go back and forth, and their number is odd. */
  const blurColumns = (length: number, rows: number) => {
    for (let pass = 0; pass < passes; pass++) {
      const [from, to] = pass % 2 === 0 ? [one, other] : [other, one];
      startSums(all, bytes.subarray(from, from + length * rows), length, rows, box.reach);
      machine.kernels.box(from, to, sums, length, rows, box.reach, box.whole, box.end);
    }
  };
  // Rows are blurred as columns of the transposed image.
  transpose(data, bytes.subarray(one, one + data.length), width, height, channels);
  blurColumns(height * channels, width);
  transpose(bytes.subarray(other, other + data.length), bytes.subarray(one), height, width, channels);
  blurColumns(width * channels, height);
  return { data: bytes.slice(other, other + data.length), width, height, channels };
}

/** Sums of the box around the row before the first: the first row for all that lie before it, then the next rows. */
function startSums(sums: Int32Array, data: Uint8Array, length: number, rows: number, reach: number): void {
  const within = Math.min(reach, rows);
  const last = (rows - 1) * length;
  for (let i = 0; i < length; i++) {
    let sum = (reach + 1) * data[i]! + (reach - within) * data[last + i]!;
    for (let y = 0, at = i; y < within; y++, at += length) sum += data[at]!;
    sums[i] = sum;
  }
}

/** From `width` x `height` pixels to `height` x `width`. */
function transpose(from: Uint8Array, to: Uint8Array, width: number, height: number, channels: number): void {
  const step = height * channels;
  for (let y = 0, s = 0; y < height; y++) {
    let t = y * channels;
    if (channels === 3) {
      for (let x = 0; x < width; x++, s += 3, t += step) {
        to[t] = from[s]!;
        to[t + 1] = from[s + 1]!;
        to[t + 2] = from[s + 2]!;
      }
    } else {
      for (let x = 0; x < width; x++, s += channels, t += step) {
        for (let c = 0; c < channels; c++) to[t + c] = from[s + c]!;
      }
    }
  }
}

export function boxBlurPlainly(image: RawImage, box: BoxWeights): RawImage {
  const out = { ...image, data: new Uint8Array(image.data) };
  blurRows(out, box);
  blurColumns(out, box);
  return out;
}

/** In place. Each row of each channel is copied to a line with room for `reach + 1` copies of its ends. */
function blurRows({ data, width, height, channels }: RawImage, { reach, whole, end }: BoxWeights): void {
  const margin = reach + 1;
  let line = new Uint8Array(width + 2 * margin);
  let next = new Uint8Array(width + 2 * margin);
  for (let y = 0; y < height; y++) {
    for (let c = 0; c < channels; c++) {
      const start = y * width * channels + c;
      for (let x = 0, s = start; x < width; x++, s += channels) line[margin + x] = data[s]!;
      for (let pass = 0; pass < passes; pass++) {
        line.fill(line[margin]!, 0, margin);
        line.fill(line[margin + width - 1]!, margin + width);
        let sum = 0;
        for (let i = 0; i < 2 * reach + 1; i++) sum += line[i]!;
        for (let x = 0; x < width; x++) {
          // `line[x]` and `line[x + 2 * margin]` are the pixels that count in part.
          const far = x + 2 * margin;
          sum += line[far - 1]! - line[x]!;
          next[x + margin] = (((Math.imul(sum, whole) + Math.imul(line[x]! + line[far]!, end)) | 0) + half) >>> 24;
        }
        [line, next] = [next, line];
      }
      for (let x = 0, s = start; x < width; x++, s += channels) data[s] = line[margin + x]!;
    }
  }
}

const half = 1 << 23;

/** In place. Whole rows at a time, with one sum for each value of a row. */
function blurColumns(image: RawImage, { reach, whole, end }: BoxWeights): void {
  const { height } = image;
  const stride = image.width * image.channels;
  const sums = new Int32Array(stride);
  let from = image.data;
  let to: Uint8Array = new Uint8Array(from.length);
  const row = (y: number) => Math.max(0, Math.min(height - 1, y)) * stride;
  for (let pass = 0; pass < passes; pass++) {
    sums.fill(0);
    for (let y = -reach - 1; y < reach; y++) addRow(sums, from, row(y));
    for (let y = 0; y < height; y++) {
      const first = row(y - reach - 1);
      const last = row(y + reach + 1);
      const added = row(y + reach);
      const target = y * stride;
      for (let i = 0; i < stride; i++) {
        const sum = sums[i]! + from[added + i]! - from[first + i]!;
        sums[i] = sum;
        to[target + i] =
          (((Math.imul(sum, whole) + Math.imul(from[first + i]! + from[last + i]!, end)) | 0) + half) >>> 24;
      }
    }
    [from, to] = [to, from];
  }
  if (from !== image.data) image.data.set(from);
}

function addRow(sums: Int32Array, data: Uint8Array, start: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + data[start + i]!;
}
