// What an image looks like in a few bytes, so that copies that were scaled, compressed again or slightly changed are
// found: a difference hash (is a cell darker than its right neighbour?) and the colours of the cells, which tell plain
// images apart.

import { type RawImage, withChannels } from "../raw-image.ts";

/** Cells of the hash: one column more than there are bits in a row. */
const [rows, columns] = [8, 9];

/** A smaller step from cell to cell is rounding, not a picture. */
const least = 0.5;

export interface Fingerprint {
  /** 64 bits, a byte a row of cells. */
  hash: readonly [high: number, low: number];
  /** Mean colour of each cell, [8, 9, 3]. */
  cells: Uint8Array;
}

/** Means over the cells of a grid over the image; a pixel on a border counts in both cells by its parts. */
export function fingerprint(image: RawImage): Fingerprint {
  const { data, width, height } = withChannels(image, 3);
  const means = new Float64Array(rows * columns * 3);
  const across = Array.from({ length: columns }, (_, i) => span(i, columns, width));
  for (let row = 0; row < rows; row++) {
    const down = span(row, rows, height);
    for (const [column, { from, weights, total }] of across.entries()) {
      const cell = (row * columns + column) * 3;
      for (const [j, weight] of down.weights.entries()) {
        let at = ((down.from + j) * width + from) * 3;
        let [r, g, b] = [0, 0, 0];
        for (let i = 0; i < weights.length; i++, at += 3) {
          const w = weights[i]!;
          r += w * data[at]!;
          g += w * data[at + 1]!;
          b += w * data[at + 2]!;
        }
        means[cell]! += weight * r;
        means[cell + 1]! += weight * g;
        means[cell + 2]! += weight * b;
      }
      for (let c = 0; c < 3; c++) means[cell + c]! /= total * down.total;
    }
  }
  const grey = (cell: number) => 0.299 * means[3 * cell]! + 0.587 * means[3 * cell + 1]! + 0.114 * means[3 * cell + 2]!;
  const words: [number, number] = [0, 0];
  for (let bit = 0; bit < 64; bit++) {
    const cell = (bit >> 3) * columns + (bit & 7);
    if (grey(cell + 1) - grey(cell) > least) words[bit >> 5]! |= 1 << (bit & 31);
  }
  return { hash: [words[0] >>> 0, words[1] >>> 0], cells: Uint8Array.from(means, Math.round) };
}

/** Pixels of part `i` of `parts`, and how much of each lies in it. */
function span(i: number, parts: number, size: number): { from: number; weights: Float64Array; total: number } {
  const [start, end] = [(i * size) / parts, ((i + 1) * size) / parts];
  const from = Math.min(size - 1, Math.floor(start));
  const length = Math.max(1, Math.min(size, Math.ceil(end - 1e-9)) - from);
  const weights = Float64Array.from({ length }, (_, k) => Math.min(end, from + k + 1) - Math.max(start, from + k));
  return { from, weights, total: weights.reduce((sum, w) => sum + w, 0) };
}

/** Bits in which two hashes differ. */
export function hashDistance(a: Fingerprint["hash"], b: Fingerprint["hash"]): number {
  return bits(a[0] ^ b[0]) + bits(a[1] ^ b[1]);
}

/** Mean difference of the cells' colours, 0 … 255. */
export function colourDistance(a: Fingerprint, b: Fingerprint): number {
  let sum = 0;
  for (let i = 0; i < a.cells.length; i++) sum += Math.abs(a.cells[i]! - b.cells[i]!);
  return sum / a.cells.length;
}

/** How many bits of a 32-bit number are set. */
function bits(x: number): number {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
