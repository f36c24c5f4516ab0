// From the slot where a batch was made to the batch that is handed over: one copy of the bytes, since ONNX Runtime
// refuses tensors backed by shared memory, without the gaps that unreadable samples left, and splits in their order.

import type { Batch } from "@vitrine/core";
import { bytesOf, type Looks } from "./make-batch.ts";
import type { MadeBatch } from "./maker.ts";

/** Hands batches over. `reuseAfter`: how many batches later the memory of one is used again; never where left out. */
export function handOver(looks: Looks, reuseAfter: number | undefined): (made: MadeBatch) => Batch {
  const { size: edges, channels } = looks.transform;
  const [height, width] = edges;
  const imageBytes = bytesOf(looks.transform);
  const parts = looks.splits?.count ?? 1;
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
    const shape = { height, width, channels, ...(parts > 1 && { splits: parts }) };
    let batch: Batch;
    if (whole && own && parts === 1) {
      batch = { images, size, ...shape, labels, indices };
    } else if (whole && parts === 1) {
      const copy = memory(size * imageBytes);
      copy.set(images.subarray(0, size * imageBytes));
      batch = { images: copy, size, ...shape, labels: labels.slice(0, size), indices: indices.slice(0, size) };
    } else {
      const kept = [...indices.subarray(0, size).keys()].filter((slot) => indices[slot] !== -1);
      const count = kept.length * parts;
      const copy = memory(count * imageBytes);
      // A slot holds the images of a sample, a batch the first image of all samples, then the second of all.
      for (let to = 0; to < count; to++) {
        const from = kept[to % kept.length]! * parts + Math.floor(to / kept.length);
        copy.set(images.subarray(from * imageBytes, (from + 1) * imageBytes), to * imageBytes);
      }
      const pick = (values: Int32Array) =>
        Int32Array.from({ length: count }, (_, to) => values[kept[to % kept.length]!]!);
      batch = { images: copy, size: count, ...shape, labels: pick(labels), indices: pick(indices) };
    }
    release();
    return batch;
  };
}
