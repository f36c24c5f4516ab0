// What makes batches, wherever that is: in workers (pool.ts) or here, on the calling thread.

import { Kitchen, lanes, type Recipe, sampleBytes, type Target } from "./make-batch.ts";
import type { BadSample } from "./options.ts";
import type { Sample } from "./sample.ts";

/** One pass over the data; batches that are still being made when it ends are given up. */
export interface Run {
  epoch: number;
  stopped: boolean;
}

/** Samples of a batch, with how often each came before. */
export interface Draws {
  indices: Uint32Array;
  repeats?: Uint32Array;
}

/** A batch where it was made, with gaps where samples were left out. It has to be taken from there and released. */
export interface MadeBatch {
  size: number;
  bad: BadSample[];
  target: Target;
  /** Set where the memory is the batch's own: it need not be copied. */
  own?: boolean;
  release(): void;
}

/** Samples of a batch, or what they will be. */
export type Samples = readonly Sample[] | Promise<readonly Sample[]>;

/** Makes batches in the order in which they are asked for. */
export interface Maker {
  make(run: Run, samples: Samples): Promise<MadeBatch>;
  stop(run: Run): void;
  close(): Promise<void>;
}

/** `sample(index)` reads what a worker cannot read itself. */
export type SampleSource = (index: number) => Sample | Promise<Sample>;

/** Batches made on the calling thread, one after the other. */
export function localMaker(recipe: Recipe, sample: SampleSource): Maker {
  const kitchen = new Kitchen(recipe);
  const bytes = sampleBytes(recipe);
  let last: Promise<unknown> = Promise.resolve();

  async function make(run: Run, given: Samples): Promise<MadeBatch> {
    const samples = await given;
    const size = samples.length;
    const target: Target = {
      images: new Uint8Array(size * bytes),
      labels: new Int32Array(size).fill(-1),
      indices: new Int32Array(size).fill(-1),
    };
    const bad: BadSample[] = [];
    let next = 0;
    const lane = async () => {
      while (next < size && !run.stopped) {
        const slot = next++;
        const wanted = samples[slot]!;
        if (kitchen.fillNow(target, slot, wanted, run.epoch)) continue;
        await kitchen.fill(target, slot, wanted, run.epoch, sample, bad);
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, size) }, lane));
    return { size, bad, target, own: true, release() {} };
  }

  return {
    make(run, samples) {
      // They may fail while an earlier batch is still being made.
      if (samples instanceof Promise) samples.catch(() => {});
      const made = last.then(() => make(run, samples));
      last = made.catch(() => {});
      return made;
    },
    stop(run) {
      run.stopped = true;
    },
    close: () => Promise.resolve(),
  };
}

/** All samples, without a turn of the event loop where none is needed. */
export function collect({ indices, repeats }: Draws, sample: SampleSource): Samples {
  const samples: (Sample | Promise<Sample>)[] = [];
  let waits = false;
  for (const index of indices) {
    const found = sample(index);
    waits ||= found instanceof Promise;
    samples.push(found);
  }
  const again = (found: Sample[]) =>
    repeats === undefined ? found : found.map((one, i) => ({ ...one, repeat: repeats[i]! }));
  return waits ? Promise.all(samples).then(again) : again(samples as Sample[]);
}
