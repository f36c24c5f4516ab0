// The samples of one epoch of a stream in the order in which they are used: shards in a seeded order, a shuffle buffer,
// and the share of a rank. A function of seed and epoch alone, so an epoch that is read again gives the same.

import { Rng } from "@vitrine/core";
import type { BadRecord, SampleStream } from "../datasets/stream.ts";
import type { Sample } from "./sample.ts";

export interface ReadOptions {
  epoch: number;
  seed: number;
  /** Samples in the shuffle buffer; 0 keeps the order of the shards and in them. */
  buffer: number;
  rank: number;
  worldSize: number;
  split: "samples" | "shards";
  uneven: "pad" | "drop" | "leave";
  onBad(bad: BadRecord): void;
}

export function readStream(stream: SampleStream, options: ReadOptions): AsyncGenerator<Sample> {
  const { epoch, seed, buffer, rank, worldSize, split } = options;
  const { length } = stream.shards;
  const order = [...(buffer > 0 ? Rng.of(seed, epoch, "shards").permutation(length) : stream.shards.keys())];
  const alone = worldSize === 1 || split === "samples";
  const own = alone ? order : order.filter((_, i) => i % worldSize === rank);
  const rng = alone ? Rng.of(seed, epoch, "buffer") : Rng.of(seed, epoch, "buffer", rank);
  const read = shuffled(inOrder(stream, own, options.onBad), buffer, rng);
  return split === "samples" && worldSize > 1 ? shareOfRank(read, options) : read;
}

async function* inOrder(
  stream: SampleStream,
  shards: readonly number[],
  onBad: (bad: BadRecord) => void,
): AsyncGenerator<Sample> {
  let index = 0;
  for (const shard of shards) {
    let position = 0;
    for await (const { key, label, content } of stream.open(shard, { onBad })) {
      // Where a sample lies says what it is, whatever was read before it: the high half is the shard.
      const sample = { index: index++, key: shard * 2 ** 32 + position++, label };
      yield { ...sample, path: `${stream.shards[shard]}#${key}`, content };
    }
  }
}

/** A buffer that is filled first; then each sample that comes takes the place of one that goes. */
async function* shuffled(samples: AsyncGenerator<Sample>, size: number, rng: Rng): AsyncGenerator<Sample> {
  if (size <= 1) return yield* samples;
  const held: Sample[] = [];
  for await (const sample of samples) {
    if (held.length < size) {
      held.push(sample);
      continue;
    }
    const at = rng.int(size);
    const next = held[at]!;
    held[at] = sample;
    yield next;
  }
  while (held.length > 0) {
    const at = rng.int(held.length);
    const next = held[at]!;
    held[at] = held.at(-1)!;
    held.pop();
    yield next;
  }
}

/** Every `worldSize`-th sample from `rank` on, as the ranks of a data set with random access share it. */
async function* shareOfRank(
  samples: AsyncGenerator<Sample>,
  { rank, worldSize, uneven }: ReadOptions,
): AsyncGenerator<Sample> {
  const first: Sample[] = [];
  let group: Sample[] = [];
  for await (const sample of samples) {
    if (uneven === "pad" && first.length < worldSize) first.push(sample);
    group.push(sample);
    if (group.length < worldSize) continue;
    yield group[rank]!;
    group = [];
  }
  if (group.length === 0 || uneven === "drop") return;
  if (rank < group.length) yield group[rank]!;
  else if (uneven === "pad") {
    const again = first[(rank - group.length) % first.length]!;
    yield { ...again, repeat: 1 };
  }
}
