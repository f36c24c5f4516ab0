// Encodings of relative positions for lines of another length.

import { type HostTensor, Rng, type State, specLeaves } from "@vitrine/core";

/** Stretches each encoding of another length, linearly between its offsets, so that the ends of lines stay ends. */
export function adaptRelative(spec: object, state: State, notes: string[]): void {
  let changed = 0;
  for (const [path, leaf] of specLeaves(spec)) {
    const found = state.get(path);
    if (found === undefined || leaf.shape.join() === found.shape.join()) continue;
    if (path.endsWith(".relative") && found.shape[0] === leaf.shape[0]) {
      state.set(path, stretch(found, leaf.shape[1]!));
      changed++;
    }
    if (path.endsWith(".flatten_index")) {
      const index = leaf.init(leaf.shape, Rng.of(0)); // not random
      state.set(path, { shape: leaf.shape, data: Int32Array.from(index) });
    }
  }
  if (changed > 0) notes.push(`relative: ${changed} encodings of positions stretched to other lengths`);
}

/** A table [C, from] with its columns interpolated: [C, to]. */
function stretch({ shape, data }: HostTensor, to: number): HostTensor {
  const [rows, from] = shape as [number, number];
  const values = new Float32Array(rows * to);
  for (let i = 0; i < to; i++) {
    const at = to === 1 ? (from - 1) / 2 : (i * (from - 1)) / (to - 1);
    const before = Math.min(Math.floor(at), from - 1);
    const part = at - before;
    for (let row = 0; row < rows; row++) {
      const low = data[row * from + before]!;
      const high = data[row * from + Math.min(before + 1, from - 1)]!;
      values[row * to + i] = low + part * (high - low);
    }
  }
  return { shape: [rows, to], data: values };
}
