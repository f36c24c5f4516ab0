// From the slot where a batch was made to the batch that is handed over: one copy of the bytes, since ONNX Runtime
// refuses tensors backed by shared memory, without the gaps that unreadable samples left.

import type { Batch } from "@vitrine/core";
import type { Transform } from "../transforms/transform.ts";
import { bytesOf } from "./make-batch.ts";
import type { MadeBatch } from "./maker.ts";

/** Hands batches over. `reuseAfter`: how many batches later the memory of one is used again; never where left out. */
export function handOver(transform: Transform, reuseAfter: number | undefined): (made: MadeBatch) => Batch {
  const { size: edges, channels } = transform;
  const [height, width] = edges;
  const imageBytes = bytesOf(transform);
  const used: Uint8Array[] = [];
  let turn = 0;

  /** Memory for a whole number of images; of a size that it has had before, that of an earlier batch. */
  function memory(bytes: number): Uint8Array {
    if (reuseAfter === undefined) return new Uint8Array(bytes);
    const at = turn++ % reuseAfter;
    const known = used[at];
    if (known !== undefined && known.length === bytes) return known;
    const fresh = new Uint8Array(bytes);
    // A last batch that is smaller does not drive out the memory of the others.
    if (known === undefined || known.length < bytes) used[at] = fresh;
    return fresh;
  }

  return ({ size, target, bad, own = false, release }) => {
    const { images, labels, indices } = target;
    const whole = bad.length === 0 || !indices.subarray(0, size).includes(-1);
    let batch: Batch;
    if (whole && own) {
      batch = { images, size, height, width, channels, labels, indices };
    } else if (whole) {
      const copy = memory(size * imageBytes);
      copy.set(images.subarray(0, size * imageBytes));
      batch = {
        images: copy,
        size,
        height,
        width,
        channels,
        labels: labels.slice(0, size),
        indices: indices.slice(0, size),
      };
    } else {
      const kept = [...indices.subarray(0, size).keys()].filter((slot) => indices[slot] !== -1);
      const copy = memory(kept.length * imageBytes);
      for (const [to, slot] of kept.entries())
        copy.set(images.subarray(slot * imageBytes, (slot + 1) * imageBytes), to * imageBytes);
      const pick = (values: Int32Array) => Int32Array.from(kept, (slot) => values[slot]!);
      batch = {
        images: copy,
        size: kept.length,
        height,
        width,
        channels,
        labels: pick(labels),
        indices: pick(indices),
      };
    }
    release();
    return batch;
  };
}
