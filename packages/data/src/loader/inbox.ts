// What samples hold, in memory that all workers see: it is copied there once, and the memory is used again for later
// batches.

import type { Sample } from "./sample.ts";

/** One piece of memory a slot of the ring; it is free when the slot is. */
export class Inbox {
  readonly #memory: SharedArrayBuffer[] = [];

  /** The samples with what they hold in the memory of the slot. */
  share(slot: number, samples: readonly Sample[]): Sample[] {
    const bytes = bytesIn(samples);
    const known = this.#memory[slot]?.byteLength ?? 0;
    // With some to spare, so that it does not grow with every batch that is a little larger.
    if (bytes > known) this.#memory[slot] = new SharedArrayBuffer(Math.ceil(bytes * 1.25));
    return bytes === 0 ? [...samples] : copied(samples, this.#memory[slot]!);
  }
}

/** The samples with what they hold in shared memory of their own. */
export function shareContent(samples: readonly Sample[]): Sample[] {
  return copied(samples, new SharedArrayBuffer(bytesIn(samples)));
}

function copied(samples: readonly Sample[], buffer: SharedArrayBuffer): Sample[] {
  const memory = new Uint8Array(buffer);
  let at = 0;
  return samples.map((sample) => {
    const { content } = sample;
    const data = dataOf(content);
    if (data === undefined) return sample;
    const copy = memory.subarray(at, at + data.length);
    copy.set(data);
    at += data.length;
    const shared = content instanceof Uint8Array ? copy : { ...(content as object), data: copy };
    return { ...sample, content: shared } as Sample;
  });
}

function bytesIn(samples: readonly Sample[]): number {
  return samples.reduce((sum, { content }) => sum + (dataOf(content)?.length ?? 0), 0);
}

function dataOf(content: Sample["content"]): Uint8Array | undefined {
  if (content === undefined || "failed" in content) return undefined;
  return content instanceof Uint8Array ? content : content.data;
}
