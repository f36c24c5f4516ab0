// Resizing that gives PIL's bytes: a separable filter, widened when the image shrinks, in fixed point with 22 bits, in
// two passes that each round to 8 bits. libvips takes other roundings and shrinks in two steps, so it cannot be used
// here: weights trained with timm are evaluated on what PIL makes.

import type { RawImage } from "../raw-image.ts";
import { hasAlpha, premultiply, unpremultiplyInPlace } from "./alpha.ts";
import type { Interpolation } from "./transform.ts";

/** A rectangle of an image, in pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const precision = 22;
const half = 1 << (precision - 1);

/** Parts of the input and of the output; each is all of it by default. */
export interface Parts {
  /** What is resized. Nothing outside of it is seen: PIL's `crop(box).resize(size)`. */
  box?: Box;
  /** What is wanted of the resized image: PIL's `resize(size).crop(window)`, without making the rest. */
  window?: Box;
}

/** The image at a new size. The same object when nothing changes. */
export function resample(
  image: RawImage,
  width: number,
  height: number,
  interpolation: Interpolation,
  parts: Parts = {},
): RawImage {
  const { box = extent(image), window = extent({ width, height }) } = parts;
  const whole = covers(box, image) && covers(window, { width, height });
  if (whole && width === image.width && height === image.height) return image;
  if (interpolation === "nearest") return nearest(image, width, height, box, window);
  if (!hasAlpha(image)) return filtered(image, width, height, interpolation, box, window);
  const out = filtered(premultiply(image), width, height, interpolation, box, window);
  unpremultiplyInPlace(out);
  return out;
}

/** Two passes; the first makes only what the second reads. Each rounds to 8 bits, so that their order can be seen. */
function filtered(
  image: RawImage,
  width: number,
  height: number,
  interpolation: Filter,
  box: Box,
  window: Box,
): RawImage {
  const columns = weights(box.width, width, window.left, window.width, interpolation);
  const rows = weights(box.height, height, window.top, window.height, interpolation);
  const [down, across] = [box.height - height, box.width - width];
  // Pillow 13's rule; older ones always begin with the rows. What loses most pixels goes first.
  if (down > 0 && down > 2 * across) {
    const [first, end] = span(columns);
    const between = resampleColumns(image, { ...box, left: box.left + first, width: end - first }, rows);
    return resampleRows(between, { left: -first, top: 0, width: end, height: window.height }, columns);
  }
  const [first, end] = span(rows);
  const between = resampleRows(image, { ...box, top: box.top + first, height: end - first }, columns);
  return resampleColumns(between, { left: 0, top: -first, width: window.width, height: end }, rows);
}

/** The input positions that are read: from the first to before the second. */
function span({ starts, counts }: Weights): [number, number] {
  const last = starts.length - 1;
  return [starts[0]!, starts[last]! + counts[last]!];
}

function extent({ width, height }: { width: number; height: number }): Box {
  return { left: 0, top: 0, width, height };
}

function covers(box: Box, { width, height }: { width: number; height: number }): boolean {
  return box.left === 0 && box.top === 0 && box.width === width && box.height === height;
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
          r = (r + weight * data[source]!) | 0;
          g = (g + weight * data[source + 1]!) | 0;
          b = (b + weight * data[source + 2]!) | 0;
        }
        out[target] = r >> precision;
        out[target + 1] = g >> precision;
        out[target + 2] = b >> precision;
        target += 3;
      } else {
        for (let c = 0; c < channels; c++) {
          let sum = half;
          for (let k = 0, s = source + c; k < count; k++, s += channels)
            sum = (sum + values[first + k]! * data[s]!) | 0;
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
      for (let i = 0; i < length; i++) sums[i] = sums[i]! + weight * data[row + i]!;
    }
    const target = y * length;
    for (let i = 0; i < length; i++) out[target + i] = sums[i]! >> precision;
  }
  return { data: new Uint8Array(out.buffer), width: box.width, height, channels };
}

function nearest(image: RawImage, width: number, height: number, box: Box, window: Box): RawImage {
  const { data: source, channels } = image;
  const data = new Uint8Array(window.width * window.height * channels);
  const columns = nearestPositions(box.width, width);
  const rows = nearestPositions(box.height, height);
  let target = 0;
  for (let y = window.top; y < window.top + window.height; y++) {
    const row = (box.top + rows[y]!) * image.width + box.left;
    for (let x = window.left; x < window.left + window.width; x++) {
      const pixel = (row + columns[x]!) * channels;
      for (let c = 0; c < channels; c++) data[target++] = source[pixel + c]!;
    }
  }
  return { data, width: window.width, height: window.height, channels };
}

/** Steps are added up as PIL does, whose roundings decide where a position lies between two pixels. */
function nearestPositions(from: number, to: number): Int32Array {
  const positions = new Int32Array(to);
  const step = from / to;
  for (let i = 0, at = step * 0.5; i < to; i++, at += step) positions[i] = Math.min(from - 1, Math.trunc(at));
  return positions;
}

/** For each output position: the first input position, how many, and their weights (`size` apart). */
interface Weights {
  starts: Int32Array;
  counts: Int32Array;
  values: Int32Array;
  size: number;
}

/** The weights of `length` positions from `first` on, when `from` positions become `to`. */
function weights(from: number, to: number, first: number, length: number, interpolation: Filter): Weights {
  const { radius, at } = filters[interpolation];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(length);
  const counts = new Int32Array(length);
  const values = new Int32Array(length * size);
  const exact = new Float64Array(size);
  const shrink = 1 / stretch; // multiplied by, as PIL does: the last bits of weights differ otherwise
  for (let x = 0; x < length; x++) {
    const center = (first + x + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = at((k + start - center + 0.5) * shrink);
      exact[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) {
      const weight = (exact[k]! / sum) * (1 << precision);
      values[x * size + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[x] = start;
    counts[x] = count;
  }
  return { starts, counts, values, size };
}

type Filter = Exclude<Interpolation, "nearest">;

/** Filters by name: where they end, and their value at a distance. Bicubic is Keys' with a = -0.5. */
const filters = {
  bilinear: { radius: 1, at: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    radius: 2,
    at(x: number): number {
      const d = Math.abs(x);
      if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * -0.5 : 0;
    },
  },
  lanczos: { radius: 3, at: (x: number) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const;

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
