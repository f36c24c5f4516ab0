// The filters of resizing and what they make of a row of pixels: weights in fixed point, as PIL rounds them.

import type { Interpolation } from "./transform.ts";

/** Bits of the fraction of weights. */
export const precision = 22;

/** For each output position: the first input position, how many, and their weights (`size` apart), times 2 ** 22. */
export interface Weights {
  starts: Int32Array;
  counts: Int32Array;
  values: Int32Array;
  size: number;
}

/** The weights of `length` positions from `first` on, when `from` positions become `to`. */
export function filterWeights(from: number, to: number, first: number, length: number, interpolation: Filter): Weights {
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

export type Filter = Exclude<Interpolation, "nearest">;

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
