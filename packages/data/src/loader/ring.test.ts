// What batches do not depend on: workers, ranks, caches, where bytes lie; and what the ring does when epochs end early.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, Rng } from "@vitrine/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../datasets/dataset.ts";
import { openFolder } from "../datasets/folder.ts";
import { writeImage } from "../image.ts";
import { evalTransform, trainTransform } from "../presets.ts";
import { balancedSampler, repeatedSampler, weightedSampler } from "../samplers/sampler.ts";
import { labelsOf } from "../samplers/subset.ts";
import { createLoader } from "./loader.ts";
import type { Loader, LoaderOptions } from "./options.ts";
import { createRing, Ring } from "./ring.ts";

let root: string;
let files: Dataset;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-ring-"));
  for (let i = 0; i < 24; i++) {
    const folder = join(root, "set", i < 16 ? "a" : "b");
    await mkdir(folder, { recursive: true });
    const rng = Rng.of("file", i);
    const [width, height] = [12 + (i % 3), 10 + (i % 4)];
    const data = Uint8Array.from({ length: width * height * 3 }, () => rng.int(256));
    await writeImage({ data, width, height, channels: 3 }, join(folder, `${i}.png`));
  }
  files = await openFolder(join(root, "set"));
});
afterAll(() => rm(root, { recursive: true }));

const train = trainTransform({ size: 8 });
const plain = evalTransform({ size: 8 });

interface Seen {
  images: string[];
  indices: number[];
}
const seen = ({ images, indices, size }: Batch): Seen => {
  const bytes = images.length / size;
  const hex = Array.from({ length: size }, (_, i) =>
    Buffer.from(images.subarray(i * bytes, (i + 1) * bytes)).toString("hex"),
  );
  return { images: hex, indices: [...indices] };
};

async function rest(loader: Loader, number = 0, start = 0): Promise<Seen[]> {
  const out: Seen[] = [];
  for await (const batch of loader.epoch(number, start)) out.push(seen(batch));
  return out;
}

async function epoch(dataset: Dataset, options: LoaderOptions, number = 0): Promise<Seen[]> {
  const loader = createLoader(dataset, options);
  const out = await rest(loader, number);
  await loader.close();
  return out;
}

describe("the same bytes", () => {
  const samplers = () => ({
    shuffle: { shuffle: true },
    repeated: { sampler: repeatedSampler(24, { repeats: 3, round: 8 }) },
    weighted: { sampler: weightedSampler(Array.from({ length: 24 }, (_, i) => i)) },
    balanced: { sampler: balancedSampler(labelsOf(files)) },
  });

  test.for(["shuffle", "repeated", "weighted", "balanced"] as const)(
    "for 0, 1 and 4 workers and 1 and 3 ranks, from any batch on (%s)",
    { timeout: 60_000 },
    async (name) => {
      const options = { ...samplers()[name], transform: train, seed: 7 };
      const one = await epoch(files, { ...options, batchSize: 6, workers: 0 }, 2);
      expect(one).toHaveLength(4);
      for (const workers of [1, 4]) {
        const loader = createLoader(files, { ...options, batchSize: 6, workers });
        for (const start of [0, 3]) expect(await rest(loader, 2, start)).toEqual(one.slice(start));
        await loader.close();
      }
      const ranks = await Promise.all(
        [0, 1, 2].map((rank) =>
          epoch(files, { ...options, batchSize: 2, workers: rank === 1 ? 2 : 0, rank, worldSize: 3 }, 2),
        ),
      );
      // Every third sample is a rank's.
      const joined = one.map((_, b) => ({
        images: [0, 1, 2, 3, 4, 5].map((i) => ranks[i % 3]![b]!.images[Math.floor(i / 3)]),
        indices: [0, 1, 2, 3, 4, 5].map((i) => ranks[i % 3]![b]!.indices[Math.floor(i / 3)]),
      }));
      expect(joined).toEqual(one);
    },
  );

  test("of a sample differ from repeat to repeat", async () => {
    const [first] = await epoch(files, {
      sampler: repeatedSampler(24),
      batchSize: 24,
      transform: train,
      workers: 0,
    });
    expect(first!.indices.slice(0, 3)).toEqual(new Array(3).fill(first!.indices[0]));
    expect(new Set(first!.images.slice(0, 3)).size).toBe(3);
  });

  test("from parts of a larger file", async () => {
    const bytes = await Promise.all(Array.from({ length: 24 }, (_, i) => readFile(files.path(i))));
    const file = join(root, "all.bin");
    await writeFile(file, Buffer.concat(bytes));
    const offsets = bytes.map((_, i) => bytes.slice(0, i).reduce((sum, { length }) => sum + length, 0));
    const place = (i: number) => ({ file, offset: offsets[i]!, length: bytes[i]!.length });
    const path = (i: number) => `${file}#${i}`;
    const { files: _, ...rest } = files;
    const load = () => {
      throw new Error("nobody should ask");
    };
    const packed: Dataset = { ...rest, path, place, load };
    const options = { batchSize: 5, transform: train, shuffle: true };
    const expected = await epoch(files, { ...options, workers: 0 });
    for (const workers of [0, 2]) expect(await epoch(packed, { ...options, workers })).toEqual(expected);

    await truncate(file, offsets[23]! + 5);
    const loader = createLoader(packed, { batchSize: 24, transform: plain, workers: 1 });
    for await (const batch of loader.epoch(0)) expect(batch.size).toBe(23);
    expect(loader.bad).toEqual([
      {
        index: 23,
        path: `${file}#23`,
        reason: `expected ${bytes[23]!.length} bytes at byte ${offsets[23]} of ${file}, found 5; it was cut off`,
      },
    ]);
    await loader.close();
  });
});

describe("a cache", () => {
  test.for(["ram", "disk"] as const)(
    "of kind %s changes no byte, and saves the decoding",
    { timeout: 30_000 },
    async (cache) => {
      const folder = join(root, `cache-${cache}`);
      for (const [name, transform] of Object.entries({ train, plain })) {
        for (const workers of [0, 3]) {
          const copy = join(root, `copy-${cache}-${name}-${workers}`);
          for (let i = 0; i < 24; i++) {
            await mkdir(join(copy, i < 16 ? "a" : "b"), { recursive: true });
            await writeFile(
              join(copy, i < 16 ? "a" : "b", `${i}.png`),
              await readFile(join(root, "set", i < 16 ? "a" : "b", `${i}.png`)),
            );
          }
          const dataset = await openFolder(copy);
          const options = { batchSize: 5, transform, seed: 3, shuffle: true } satisfies LoaderOptions;
          const expected = [
            await epoch(dataset, { ...options, workers: 0 }, 0),
            await epoch(dataset, { ...options, workers: 0 }, 1),
          ];
          const loader = createLoader(dataset, { ...options, workers, cache, cacheDir: folder });
          for (const number of [0, 1]) {
            const got: Seen[] = [];
            for await (const batch of loader.epoch(number)) got.push(seen(batch));
            expect(got).toEqual(expected[number]);
            // In memory nothing is read again.
            if (cache === "ram") for (let i = 0; i < 24; i++) await rm(dataset.path(i), { force: true });
          }
          await loader.close();
        }
      }
      // On disk there is a file an image and transform, whoever wrote it, and nothing half-written.
      if (cache === "disk") {
        const written = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
          entry.isFile(),
        );
        expect(written).toHaveLength(48);
        expect(written.filter(({ name }) => name.endsWith(".tmp"))).toEqual([]);
      }
    },
  );

  test("on disk is shared, mends damaged files, and says when it is full", async () => {
    const cacheDir = join(root, "cache-shared");
    const options: LoaderOptions = { batchSize: 5, transform: plain, cache: "disk", cacheDir, workers: 2 };
    const expected = await epoch(files, { batchSize: 5, transform: plain, workers: 0 });
    const both = await Promise.all([epoch(files, options), epoch(files, options)]);
    expect(both).toEqual([expected, expected]);
    const paths = (await readdir(cacheDir, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(paths).toHaveLength(24);
    await truncate(paths[0]!, 30);
    expect(await epoch(files, options)).toEqual(expected);
    expect((await stat(paths[0]!)).size).toBe(16 + 8 * 8 * 3);

    const notices: string[] = [];
    const small = { ...options, cacheDir: join(root, "cache-small"), cacheLimit: 10 * 4096 };
    expect(await epoch(files, { ...small, onNotice: (message) => notices.push(message) })).toEqual(expected);
    expect(notices).toEqual([expect.stringMatching(/^the image cache in .*cache-small is full \(1 MB/)]);
    const kept = await readdir(small.cacheDir, { recursive: true, withFileTypes: true });
    expect(kept.filter((entry) => entry.isFile())).toHaveLength(10);

    await writeFile(join(root, "a-file"), "");
    await expect(epoch(files, { ...options, cacheDir: join(root, "a-file", "x") })).rejects.toThrow(
      /^cache: .*a-file\/x cannot be used: ENOTDIR.*; name another folder/,
    );
  }, 60_000);

  test("in memory that does not suffice is left out, with a word", async () => {
    const notices: string[] = [];
    const options: LoaderOptions = { batchSize: 5, transform: plain, workers: 1 };
    const onNotice = (message: string) => notices.push(message);
    const got = await epoch(files, { ...options, cache: "ram", cacheLimit: 1000, onNotice });
    expect(got).toEqual(await epoch(files, options));
    expect(notices).toEqual([
      "no image cache: 24 images take 1 MB of memory, and 1 MB may be used; use a cache on disk, or smaller images",
    ]);
  });
});

describe("the ring", () => {
  test("gives two epochs that are read in turn, even with one slot", async () => {
    const options: LoaderOptions = { batchSize: 5, transform: train, shuffle: true, workers: 2, prefetch: 1 };
    const expected = [await epoch(files, options, 0), await epoch(files, options, 1)];
    const loader = createLoader(files, options);
    const readers = [0, 1].map((number) => loader.epoch(number)[Symbol.asyncIterator]());
    const got: Seen[][] = [[], []];
    for (let i = 0; i < 5; i++)
      for (const number of [0, 1]) got[number]!.push(seen((await readers[number]!.next()).value as Batch));
    expect(got).toEqual(expected);
    await loader.close();
  });

  test("is free again after epochs that were left early", async () => {
    const options: LoaderOptions = { batchSize: 3, transform: train, shuffle: true, workers: 2 };
    const loader = createLoader(files, options);
    for (let i = 0; i < 10; i++) for await (const _ of loader.epoch(i)) break;
    const got: Seen[] = [];
    for await (const batch of loader.epoch(3)) got.push(seen(batch));
    expect(got).toEqual(await epoch(files, options, 3));
    await loader.close();
  });

  test("uses memory again where told, and hands out memory of its own otherwise", async () => {
    const options: LoaderOptions = { batchSize: 5, transform: train, shuffle: true, workers: 1 };
    const expected = await epoch(files, options);
    const loader = createLoader(files, { ...options, reuseAfter: 2 });
    const buffers: ArrayBufferLike[] = [];
    const got: Seen[] = [];
    for await (const batch of loader.epoch(0)) {
      got.push(seen(batch));
      buffers.push(batch.images.buffer);
    }
    expect(got).toEqual(expected);
    expect(buffers.map((buffer) => buffers.indexOf(buffer))).toEqual([0, 1, 0, 1, 4]); // The last batch is smaller.
    await loader.close();
  });

  test("gives each sample of a job once, to any number of threads, and none of the next job", () => {
    const share = createRing({ slots: 2, batchSize: 4, sampleBytes: 3, threads: 2, lanes: 4 });
    const [a, b] = [new Ring(share), new Ring(share)];
    for (const job of [1, 2, 32_767, 32_768, 70_000]) {
      a.begin(1, job);
      expect([a, b, a, b, a, b].map((ring) => ring.claim(1, job, 4))).toEqual([0, 1, 2, 3, -1, -1]);
      expect(b.claim(1, job - 1, 4)).toBe(-1);
    }
    a.begin(0, 5);
    expect([a.claim(0, 5, 4), b.claim(0, 5, 4)]).toEqual([0, 1]);
    expect(a.close(0, 5, 4)).toBe(2);
    expect(b.claim(0, 5, 4)).toBe(-1);
    b.working(1, 2, 17);
    expect([a.workOf(0), a.workOf(1)]).toEqual([[], [17]]);
  });

  test("refuses ranks and orders that there cannot be", () => {
    const make = (options: Partial<LoaderOptions>) => () =>
      createLoader(files, { batchSize: 4, transform: plain, ...options });
    expect(make({ rank: 3, worldSize: 3 })).toThrow("rank must lie in 0 ... worldSize - 1, found rank 3 of 3");
    expect(make({ shuffle: true, sampler: repeatedSampler(24) })).toThrow("shuffle and sampler both give an order");
    expect(make({ batchSize: 100_000 })).toThrow("batchSize must be 65535 at most, found 100000");
  });
});
