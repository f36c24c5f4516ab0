// Weights beside the model: which constants go to the second file, and where in it they lie.

import { bytesOf, type Value } from "@vitrine/onnx";

/** Shapes, axes and the like stay in the model. */
const smallest = 1024;
/** A page, so that readers can map the file. */
const alignment = 4096;

export interface Placement {
  ranges: Map<Value, { offset: number; length: number }>;
  bytes: number;
  /** The file's content, a constant at a time. */
  pieces(): Generator<Uint8Array>;
}

export function placeExternal(constants: readonly Value[]): Placement {
  const ranges: Placement["ranges"] = new Map();
  let bytes = 0;
  for (const value of constants) {
    const { length } = bytesOf(value);
    if (length < smallest) continue;
    const offset = Math.ceil(bytes / alignment) * alignment;
    ranges.set(value, { offset, length });
    bytes = offset + length;
  }
  return {
    ranges,
    bytes,
    *pieces() {
      let at = 0;
      for (const [value, { offset, length }] of ranges) {
        if (offset > at) yield new Uint8Array(offset - at);
        yield bytesOf(value);
        at = offset + length;
      }
    },
  };
}
