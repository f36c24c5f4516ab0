// The memory that workers and the loader share: a ring of slots, each of which holds one batch, and a few counters.
// Samples of a batch are claimed one by one by whichever worker is free, without the calling thread, which may be busy
// for seconds with a training step.

import type { Target } from "./make-batch.ts";

export interface RingShape {
  slots: number;
  /** Most samples of a batch. */
  batchSize: number;
  sampleBytes: number;
  threads: number;
  lanes: number;
}

/** The ring as it travels to workers. */
export interface RingShare {
  shape: RingShape;
  slots: SharedArrayBuffer[];
  control: SharedArrayBuffer;
}

/**
 * Claims of a slot lie in one word, with the number of the job above: a worker that comes late claims nothing of the
 * next job.
 */
const jobBits = 15;
const claimBits = 16;
/** Most samples of a batch. */
export const mostSamples = 2 ** claimBits - 1;

export function createRing(shape: RingShape): RingShare {
  const bytes = shape.batchSize * (8 + shape.sampleBytes);
  return {
    shape,
    slots: Array.from({ length: shape.slots }, () => new SharedArrayBuffer(bytes)),
    control: new SharedArrayBuffer(4 * (shape.slots + shape.threads * shape.lanes)),
  };
}

export class Ring {
  readonly shape: RingShape;
  readonly #targets: readonly Target[];
  readonly #claims: Int32Array;
  readonly #busy: Int32Array;

  constructor({ shape, slots, control }: RingShare) {
    this.shape = shape;
    const { batchSize } = shape;
    this.#targets = slots.map((memory) => ({
      labels: new Int32Array(memory, 0, batchSize),
      indices: new Int32Array(memory, 4 * batchSize, batchSize),
      images: new Uint8Array(memory, 8 * batchSize),
    }));
    this.#claims = new Int32Array(control, 0, shape.slots);
    this.#busy = new Int32Array(control, 4 * shape.slots);
  }

  target(slot: number): Target {
    return this.#targets[slot]!;
  }

  /** Opens a slot for a job's claims. */
  begin(slot: number, job: number): void {
    const { labels, indices } = this.#targets[slot]!;
    labels.fill(-1);
    indices.fill(-1);
    Atomics.store(this.#claims, slot, word(job, 0));
  }

  /** The next sample of a job of `size`; -1 where all are claimed or the job was closed. */
  claim(slot: number, job: number, size: number): number {
    for (;;) {
      const found = Atomics.load(this.#claims, slot);
      const position = found - word(job, 0);
      if (position < 0 || position >= size) return -1;
      if (Atomics.compareExchange(this.#claims, slot, found, found + 1) === found) return position;
    }
  }

  /** Ends the claims of a job. @returns how many samples were claimed. */
  close(slot: number, job: number, size: number): number {
    const found = Atomics.exchange(this.#claims, slot, word(job, mostSamples));
    return Math.min(size, found - word(job, 0));
  }

  /** Notes what a lane of a worker is at: the position of a sample, or nothing. For reports of what killed a worker. */
  working(thread: number, lane: number, index: number | undefined): void {
    Atomics.store(this.#busy, thread * this.shape.lanes + lane, index === undefined ? 0 : index + 1);
  }

  /** What a worker is, or was, at. */
  workOf(thread: number): number[] {
    const { lanes } = this.shape;
    return [...this.#busy.subarray(thread * lanes, (thread + 1) * lanes)].filter((n) => n > 0).map((n) => n - 1);
  }
}

function word(job: number, claims: number): number {
  return (job % 2 ** jobBits) * 2 ** claimBits + claims;
}
