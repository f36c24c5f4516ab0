// Resizing as two passes, along rows and along columns, each rounded to 8 bits so that their order can be seen. In
// WebAssembly's vectors, and the same in plain code for machines without them; both give the same bytes.

import { type Picture, pixelsOf, writePixels } from "../picture.ts";
import type { Box, RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { precision, type Weights } from "./filters.ts";
import { machineWith, type PixelMachine } from "./machine.ts";

export interface ResamplePlan {
  image: Picture;
  /** What is resized of it. */
  box: Box;
  /** For positions in the box, from its left and upper edge. */
  columns: Weights;
  rows: Weights;
  columnsFirst: boolean;
}

const half = 1 << (precision - 1);

/** The first pass makes only what the second reads. */
export function resamplePlainly({ image, box, columns, rows, columnsFirst }: ResamplePlan): RawImage {
  const [left, right] = span(columns);
  const [top, bottom] = span(rows);
  const [width, height] = [right - left, bottom - top];
  const seen = pixelsOf(image, { left: box.left + left, top: box.top + top, width, height });
  if (columnsFirst) {
    const between = resampleColumns(seen, { left: 0, top: -top, width, height }, rows);
    return resampleRows(between, { left: -left, top: 0, width, height: between.height }, columns);
  }
  const between = resampleRows(seen, { left: -left, top: 0, width, height }, columns);
  return resampleColumns(between, { left: 0, top: -top, width: between.width, height }, rows);
}

/** The input positions that are read: from the first to before the second. */
function span({ starts, counts }: Weights): [number, number] {
  const last = starts.length - 1;
  return [starts[0]!, starts[last]! + counts[last]!];
}

/** Every row of `box` at the width of the weights, which count from its left edge. */
function resampleRows(image: RawImage, box: Box, { starts, counts, values, size }: Weights): RawImage {
  const { data, channels } = image;
  const width = starts.length;
  const out = new Uint8ClampedArray(width * box.height * channels);
  let target = 0;
  for (let y = 0; y < box.height; y++) {
    const row = ((box.top + y) * image.width + box.left) * channels;
    for (let x = 0; x < width; x++) {
      const count = counts[x]!;
      const first = x * size;
      let source = row + starts[x]! * channels;
      if (channels === 3) {
        let r = half;
        let g = half;
        let b = half;
        for (let k = first; k < first + count; k++, source += 3) {
          const weight = values[k]!;
          r = (r + Math.imul(weight, data[source]!)) | 0;
          g = (g + Math.imul(weight, data[source + 1]!)) | 0;
          b = (b + Math.imul(weight, data[source + 2]!)) | 0;
        }
        out[target] = r >> precision;
        out[target + 1] = g >> precision;
        out[target + 2] = b >> precision;
        target += 3;
      } else {
        for (let c = 0; c < channels; c++) {
          let sum = half;
          for (let k = 0, s = source + c; k < count; k++, s += channels)
            sum = (sum + Math.imul(values[first + k]!, data[s]!)) | 0;
          out[target++] = sum >> precision;
        }
      }
    }
  }
  return { data: new Uint8Array(out.buffer), width, height: box.height, channels };
}

/** Every column of `box` at the height of the weights, which count from its upper edge. */
function resampleColumns(image: RawImage, box: Box, { starts, counts, values, size }: Weights): RawImage {
  const { data, channels } = image;
  const height = starts.length;
  const length = box.width * channels;
  const stride = image.width * channels;
  const out = new Uint8ClampedArray(length * height);
  const sums = new Int32Array(length);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    const start = (box.top + starts[y]!) * stride + box.left * channels;
    for (let k = 0; k < counts[y]!; k++) {
      const weight = values[y * size + k]!;
      const row = start + k * stride;
      // The sum of |weights| is below 2, so that 22 bits of fraction and 8 of value fit in 32.
      for (let i = 0; i < length; i++) sums[i] = sums[i]! + Math.imul(weight, data[row + i]!);
    }
    const target = y * length;
    for (let i = 0; i < length; i++) out[target + i] = sums[i]! >> precision;
  }
  return { data: new Uint8Array(out.buffer), width: box.width, height, channels };
}

/** The pass along rows works on so many at once, in parts of 8 bytes. */
const lines = 16;
const eights = (bytes: number) => (bytes + 7) & -8;

/** Undefined where the machine has no such vectors. */
export function resampleFast({ image, box, columns, rows, columnsFirst }: ResamplePlan): RawImage | undefined {
  const { channels } = image;
  const [left, right] = span(columns);
  const [top, bottom] = span(rows);
  const [width, height] = [columns.starts.length, rows.starts.length];
  const seenHeight = bottom - top;
  const stride = (right - left) * channels;
  const length = width * channels;
  const spaced = eights(length);
  const between = columnsFirst ? stride * Math.max(height, lines) : spaced * Math.max(seenHeight, lines);
  const places = layout([
    stride * Math.max(seenHeight, lines),
    between,
    spaced * Math.max(height, lines),
    lines * (eights(stride) + spaced),
    bytesOf(columns),
    bytesOf(rows),
  ]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const bytes = new Uint8Array(machine.memory.buffer);
  const [source, middle, out, tile] = places.starts as [number, number, number, number];
  const [forColumns, forRows] = places.starts.slice(4) as [number, number];
  const seen = { left: box.left + left, top: box.top + top, width: right - left, height: seenHeight };
  writePixels(image, seen, bytes.subarray(source, source + stride * seenHeight));
  const c = placeWeights(machine, forColumns, columns, left, lines * channels);
  const r = placeWeights(machine, forRows, rows, top, columnsFirst ? stride : spaced);
  if (!columnsFirst) {
    machine.kernels.rows(source, stride, seenHeight, channels, ...c, columns.size, width, middle, spaced, tile);
    machine.kernels.columns(middle, spaced, length, ...r, rows.size, height, out);
    return { data: bytes.slice(out, out + length * height), width, height, channels };
  }
  machine.kernels.columns(source, stride, stride, ...r, rows.size, height, middle);
  machine.kernels.rows(middle, stride, height, channels, ...c, columns.size, width, out, spaced, tile);
  const data = new Uint8Array(length * height);
  for (let y = 0; y < height; y++) {
    const from = out + y * spaced;
    data.set(bytes.subarray(from, from + length), y * length);
  }
  return { data, width, height, channels };
}

function bytesOf({ starts, values }: Weights): number {
  return 4 * (2 * starts.length + values.length);
}

/** Writes the weights, their starts in bytes from position `first` on; returns where starts, counts and values lie. */
function placeWeights(
  { memory }: PixelMachine,
  at: number,
  { starts, counts, values }: Weights,
  first: number,
  bytesApart: number,
): [starts: number, counts: number, values: number] {
  const n = starts.length;
  const numbers = new Int32Array(memory.buffer, at, 2 * n + values.length);
  for (let i = 0; i < n; i++) numbers[i] = (starts[i]! - first) * bytesApart;
  numbers.set(counts, n);
  numbers.set(values, 2 * n);
  return [at, at + 4 * n, at + 8 * n];
}
