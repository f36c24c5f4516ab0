import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "@vitrine/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BadRecord, type SampleStream, type StreamedSample, streamOf } from "../datasets/stream.ts";
import { writeImage } from "../image.ts";
import { evalTransform, trainTransform } from "../presets.ts";
import { createStreamLoader, type StreamLoader, type StreamLoaderOptions } from "./stream-loader.ts";

const lengths = [7, 3, 11, 5, 6];
const total = 32;
let shards: StreamedSample[][];
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-stream-"));
  const { readFile } = await import("node:fs/promises");
  let n = 0;
  shards = [];
  for (const length of lengths) {
    const samples: StreamedSample[] = [];
    for (let i = 0; i < length; i++, n++) {
      const rng = Rng.of("image", n);
      const data = Uint8Array.from({ length: 12 * 10 * 3 }, () => rng.int(256));
      const file = join(root, `${n}.png`);
      await writeImage({ data, width: 12, height: 10, channels: 3 }, file);
      samples.push({ key: String(n), label: n % 3, content: await readFile(file) });
    }
    shards.push(samples);
  }
});
afterAll(() => rm(root, { recursive: true }));

interface Counted extends SampleStream {
  reads: number;
  open_: number;
}

/** The shards above; `broken` records (by their number in all) are bad. */
function stream(broken: readonly number[] = []): Counted {
  const made: Counted = {
    name: "shards",
    classes: ["a", "b", "c"],
    length: total - broken.length,
    shards: lengths.map((_, i) => `shard-${i}`),
    reads: 0,
    open_: 0,
    async *open(shard, { skip = 0, onBad } = {}) {
      made.open_++;
      try {
        let passed = 0;
        for (const [offset, sample] of shards[shard]!.entries()) {
          await Promise.resolve();
          made.reads++;
          if (broken.includes(Number(sample.key))) onBad?.({ shard: `shard-${shard}`, offset, reason: "bad crc" });
          else if (passed++ >= skip) yield sample;
        }
      } finally {
        made.open_--;
      }
    },
  };
  return made;
}

const train = trainTransform({ size: 8 });
const plain = evalTransform({ size: 8 });
interface Seen {
  names: (string | undefined)[];
  labels: number[];
  images: string[];
}

async function rest(loader: StreamLoader, number = 0, start = 0): Promise<Seen[]> {
  const out: Seen[] = [];
  for await (const { images, indices, labels, size } of loader.epoch(number, start)) {
    const bytes = images.length / size;
    const hex = (i: number) => Buffer.from(images.subarray(i * bytes, (i + 1) * bytes)).toString("hex");
    out.push({
      names: [...indices].map((index) => loader.nameOf?.(index)),
      labels: [...labels],
      images: Array.from({ length: size }, (_, i) => hex(i)),
    });
  }
  return out;
}

async function epoch(source: SampleStream, options: StreamLoaderOptions, number = 0): Promise<Seen[]> {
  const loader = createStreamLoader(source, options);
  const out = await rest(loader, number);
  await loader.close();
  return out;
}
const names = (batches: readonly Seen[]) => batches.flatMap((batch) => batch.names);
const numberOf = (name: string | undefined) => Number(name!.split("#")[1]);

describe("a loader of a stream", () => {
  test("gives every sample once, in the stream's order without shuffling", async () => {
    const got = await epoch(stream(), { batchSize: 5, transform: plain, workers: 0 });
    expect(got.map(({ labels }) => labels.length)).toEqual([5, 5, 5, 5, 5, 5, 2]);
    expect(names(got).map(numberOf)).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(got.flatMap(({ labels }) => labels)).toEqual(Array.from({ length: total }, (_, i) => i % 3));
    const loader = createStreamLoader(stream(), { batchSize: 5, transform: plain, dropLast: true });
    expect([loader.length, loader.batches]).toEqual([32, 6]);
    const cut = await epoch(stream(), { batchSize: 5, transform: plain, workers: 1, dropLast: true });
    expect(cut).toEqual(got.slice(0, 6));
  });

  test.for([0, 4, 100])(
    "gives the same for 0, 1 and 4 workers, and from any batch on (buffer of %i)",
    { timeout: 60_000 },
    async (shuffle) => {
      const options = { batchSize: 4, transform: train, shuffle, seed: 3 };
      const one = await epoch(stream(), { ...options, workers: 0 }, 2);
      expect(
        names(one)
          .map(numberOf)
          .toSorted((a, b) => a - b),
      ).toEqual(Array.from({ length: total }, (_, i) => i));
      for (const [workers, prefetch] of [
        [1, 1],
        [4, 3],
      ] as const) {
        const loader = createStreamLoader(stream(), { ...options, workers, prefetch });
        for (const start of [0, 1, 5, 7, 8]) expect(await rest(loader, 2, start)).toEqual(one.slice(start));
        await loader.close();
      }
      const other = await epoch(stream(), { ...options, workers: 0 }, 3);
      if (shuffle > 0) expect(names(other)).not.toEqual(names(one));
      else expect(names(other)).toEqual(names(one));
    },
  );

  test.for(["pad", "drop", "leave"] as const)("gives ranks together what one rank has (%s)", async (uneven) => {
    const options = { transform: train, shuffle: 8, seed: 3, uneven, workers: 0 };
    const one = await epoch(stream(), { ...options, batchSize: 6 });
    const ranks = await Promise.all(
      [0, 1, 2].map((rank) => epoch(stream(), { ...options, batchSize: 2, rank, worldSize: 3 })),
    );
    const whole = Math.floor(total / 6);
    for (let b = 0; b < whole; b++)
      expect([0, 1, 2, 3, 4, 5].map((i) => ranks[i % 3]![b]!.images[Math.floor(i / 3)])).toEqual(one[b]!.images);
    const counts = ranks.map((batches) => names(batches).length);
    expect(counts).toEqual({ pad: [11, 11, 11], drop: [10, 10, 10], leave: [11, 11, 10] }[uneven]);
    const loaders = [0, 1, 2].map((rank) =>
      createStreamLoader(stream(), { ...options, batchSize: 2, rank, worldSize: 3 }),
    );
    expect(loaders.map(({ length }) => length)).toEqual(counts);
  });

  test("splits shards among ranks where told", async () => {
    const options = { transform: plain, batchSize: 3, worldSize: 2, split: "shards", shuffle: 4, workers: 0 } as const;
    const ranks = await Promise.all([0, 1].map((rank) => epoch(stream(), { ...options, rank }, 1)));
    const read = ranks.map((batches) => names(batches).map(numberOf));
    expect(read.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i));
    const shardsOf = ranks.map((batches) => new Set(names(batches).map((name) => name!.split("#")[0])));
    for (const shard of shardsOf[0]!) expect(shardsOf[1]!.has(shard)).toBe(false);
    expect(() => createStreamLoader(stream(), { ...options, worldSize: 6 })).toThrow(
      '6 ranks cannot split 5 shards of shards; use split: "samples"',
    );
  });

  test("counts bad records with shard and offset, once, and images that are none", async () => {
    const told: BadRecord[] = [];
    const options = { batchSize: 4, transform: plain, workers: 2, onBad: (bad: BadRecord) => told.push(bad) };
    const loader = createStreamLoader(stream([8, 9]), options);
    for (const number of [0, 0]) {
      let count = 0;
      for await (const batch of loader.epoch(number)) count += batch.size;
      expect(count).toBe(total - 2);
    }
    expect(told).toEqual([
      { shard: "shard-1", offset: 1, reason: "bad crc" },
      { shard: "shard-1", offset: 2, reason: "bad crc" },
    ]);
    expect([loader.badCount, loader.bad]).toEqual([2, told]);
    await loader.close();

    const rows = shards[0]!.map((sample, i) => (i === 2 ? { ...sample, content: new Uint8Array(9) } : sample));
    const mixed = createStreamLoader(streamOf(rows, { classes: ["a", "b", "c"], length: 7 }), {
      ...options,
      maxBadFraction: 0.2,
    });
    const sizes: number[] = [];
    for await (const batch of mixed.epoch(0)) sizes.push(batch.size);
    expect(sizes).toEqual([3, 3]);
    expect(mixed.bad).toEqual([expect.objectContaining({ shard: "stream#2", offset: 2 })]);
    await mixed.close();

    const most = createStreamLoader(stream(Array.from({ length: 9 }, (_, i) => i)), { ...options, workers: 0 });
    await expect(most.epoch(0)[Symbol.asyncIterator]().next()).resolves.toBeDefined();
    const all = async () => {
      for await (const _ of most.epoch(1));
    };
    await expect(all()).rejects.toThrow(
      "9 records of shards are bad, which is more than maxBadFraction 0.1:\n  shard-0 at 0: bad crc",
    );
  });

  test("reads no further ahead than told, and closes what it opened", async () => {
    const source = stream();
    const loader = createStreamLoader(source, { batchSize: 2, transform: plain, workers: 2, prefetch: 2 });
    const running = loader.epoch(0)[Symbol.asyncIterator]();
    await running.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(source.reads).toBe(6); // The batch in hand and two more.
    await running.return?.();
    expect(source.open_).toBe(0);
    for await (const _ of loader.epoch(1)) break;
    expect(source.open_).toBe(0);
    await loader.close();
    await expect(running.next()).resolves.toEqual({ done: true, value: undefined });
    await expect(loader.epoch(0)[Symbol.asyncIterator]().next()).rejects.toThrow("this loader was closed");
  });

  test("hands on what makes a shard unreadable", async () => {
    const source: SampleStream = {
      ...stream(),
      async *open() {
        yield shards[0]![0]!;
        throw new Error("shard-0: the disk is gone");
      },
    };
    for (const workers of [0, 1]) {
      const loader = createStreamLoader(source, { batchSize: 4, transform: plain, workers });
      await expect(loader.epoch(0)[Symbol.asyncIterator]().next()).rejects.toThrow("the disk is gone");
      await loader.close();
    }
  });

  test("refuses options that make no sense", () => {
    const make = (options: Partial<StreamLoaderOptions>) => () =>
      createStreamLoader(stream(), { batchSize: 4, transform: plain, ...options });
    expect(make({ batchSize: 0 })).toThrow("batchSize must be a positive integer, found 0");
    expect(make({ shuffle: -1 })).toThrow("shuffle must be a whole number, 0 or more, found -1");
    expect(make({ rank: 2, worldSize: 2 })).toThrow("found rank 2 of 2");
    const { length: _, ...endless } = stream();
    expect(createStreamLoader(endless, { batchSize: 4, transform: plain }).batches).toBe(Number.POSITIVE_INFINITY);
    expect(createStreamLoader(endless, { batchSize: 4, transform: plain, length: 10 }).batches).toBe(3);
  });
});
