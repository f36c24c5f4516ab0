// Resizing by taking the nearest pixels, as PIL finds them. In WebAssembly, and the same in plain code for machines
// without its vectors.

import type { Box, RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { machineWith } from "./machine.ts";

export interface NearestPlan {
  image: RawImage;
  /** What is resized of it, */
  box: Box;
  /** to which size, */
  width: number;
  height: number;
  /** and what is wanted of that. */
  window: Box;
}

/** Undefined where the machine has no such vectors. */
export function nearestFast({ image, box, width, height, window }: NearestPlan): RawImage | undefined {
  const { data, channels } = image;
  const seen = box.width * channels;
  const length = window.width * channels;
  const places = layout([seen, length * window.height, 4 * window.width]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const [line, out, offsets] = places.starts as [number, number, number];
  const bytes = new Uint8Array(machine.memory.buffer);
  const columns = positions(box.width, width, window.left, window.width).map((column) => column * channels);
  new Int32Array(machine.memory.buffer, offsets).set(columns);
  positions(box.height, height, window.top, window.height).forEach((row, y) => {
    const from = ((box.top + row) * image.width + box.left) * channels;
    bytes.set(data.subarray(from, from + seen), line);
    machine.kernels.pick(line, offsets, window.width, channels, out + y * length);
  });
  return { data: bytes.slice(out, out + length * window.height), width: window.width, height: window.height, channels };
}

export function nearestPlainly({ image, box, width, height, window }: NearestPlan): RawImage {
  const { data: source, channels } = image;
  const data = new Uint8Array(window.width * window.height * channels);
  const columns = positions(box.width, width, window.left, window.width);
  let target = 0;
  for (const y of positions(box.height, height, window.top, window.height)) {
    const row = (box.top + y) * image.width + box.left;
    for (const x of columns) {
      const pixel = (row + x) * channels;
      for (let c = 0; c < channels; c++) data[target++] = source[pixel + c]!;
    }
  }
  return { data, width: window.width, height: window.height, channels };
}

/**
 * Of `length` outputs from `first` on, when `from` pixels become `to`. Steps are added up as PIL does, whose roundings
 * decide where a position lies between two pixels.
 */
function positions(from: number, to: number, first: number, length: number): Int32Array {
  const all = new Int32Array(to);
  const step = from / to;
  for (let i = 0, at = step * 0.5; i < to; i++, at += step) all[i] = Math.min(from - 1, Math.trunc(at));
  return all.subarray(first, first + length);
}
