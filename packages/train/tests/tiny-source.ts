// A data set for tests: small images whose class is the colour channel, and for four classes the half, that is brighter.

import { type Batch, type BatchSource, Rng } from "@vitrine/core";

export interface TinySource extends BatchSource {
  /** Every (epoch, batch) that was handed out. */
  readonly read: string[];
}

export interface TinySourceOptions {
  length?: number;
  batchSize?: number;
  classes?: readonly string[];
  seed?: number;
  size?: number;
  channels?: number;
  shuffle?: boolean;
  /** Changes a batch on its way. */
  change?: (batch: Batch, epoch: number, position: number) => void;
}

export const tinyClasses = ["dark", "light", "cold", "warm"];

export function tinySource(options: TinySourceOptions = {}): TinySource {
  const { length = 32, batchSize = 8, classes = tinyClasses, seed = 1, size = 8, channels = 3 } = options;
  const { shuffle = true, change } = options;
  const pixels = size * size * channels;
  const batches = Math.ceil(length / Math.max(1, batchSize));
  const read: string[] = [];
  const label = (index: number) => index % classes.length;
  const image = (index: number) => {
    const rng = Rng.of("tiny", seed, index);
    return Uint8Array.from({ length: pixels }, (_, i) => {
      const bright = i % channels === label(index) % channels && i < pixels / 2 === label(index) < 3;
      return rng.int(120) + (bright ? 120 : 0);
    });
  };
  return {
    classes,
    length,
    batchSize,
    batches,
    read,
    async *epoch(epoch, start = 0) {
      const all = shuffle
        ? Rng.of(seed, epoch, "order").permutation(length)
        : Uint32Array.from({ length }, (_, i) => i);
      for (let position = start; position < batches; position++) {
        read.push(`${epoch}/${position}`);
        const indices = Int32Array.from(all.subarray(position * batchSize, (position + 1) * batchSize));
        const images = new Uint8Array(indices.length * pixels);
        indices.forEach((index, row) => {
          images.set(image(index), row * pixels);
        });
        const labels = indices.map(label);
        const batch: Batch = { images, size: indices.length, height: size, width: size, channels, labels, indices };
        change?.(batch, epoch, position);
        yield batch;
      }
    },
    nameOf: (index) => `tiny/${index}.png`,
    async close() {},
  };
}
