import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, Rng } from "@vitrine/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { arrayDataset } from "../datasets/arrays.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { openFolder } from "../datasets/folder.ts";
import { writeImage } from "../image.ts";
import { evalTransform, trainTransform } from "../presets.ts";
import type { Transform } from "../transforms/transform.ts";
import { createLoader } from "./loader.ts";
import type { BadSample, LoaderOptions } from "./options.ts";

let root: string;
let files: Dataset;
/** Of the 30 files, these are no images. */
const broken = [4, 17, 18];
let damaged: Dataset;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-loader-"));
  for (const set of ["good", "damaged"]) {
    for (let i = 0; i < 30; i++) {
      const folder = join(root, set, i < 15 ? "a" : "b");
      await mkdir(folder, { recursive: true });
      const [width, height] = [10 + (i % 7), 9 + (i % 5)];
      const rng = Rng.of("file", i);
      const data = Uint8Array.from({ length: width * height * 3 }, () => rng.int(256));
      const file = join(folder, `${i}.png`);
      await writeImage({ data, width, height, channels: 3 }, file);
      if (set === "damaged" && broken.includes(i)) await truncate(file, i === 4 ? 0 : 60);
    }
  }
  files = await openFolder(join(root, "good"));
  damaged = await openFolder(join(root, "damaged"));
});
afterAll(() => rm(root, { recursive: true }));

const train = trainTransform({ size: 8, colorJitter: [0.4, 0.4, 0.4, 0.1], vflip: 0.5 });
const plain = evalTransform({ size: 8 });

/** Batches as plain data, so that two runs compare. */
async function take(source: AsyncIterable<Batch>, most = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const { images, labels, indices, ...rest } of source) {
    batches.push({ ...rest, images: Buffer.from(images).toString("hex"), labels: [...labels], indices: [...indices] });
    if (batches.length === most) break;
  }
  return batches;
}

async function epochs(dataset: Dataset, options: LoaderOptions, list: number[]): Promise<unknown[]> {
  const loader = createLoader(dataset, options);
  const out: unknown[] = [];
  for (const epoch of list) out.push(await take(loader.epoch(epoch)));
  await loader.close();
  return out;
}

describe("batches", () => {
  test("are the same with 0, 1 and 3 workers, and however far ahead they are made", async () => {
    const options = { batchSize: 7, transform: train, seed: 5, shuffle: true };
    const expected = await epochs(files, { ...options, workers: 0 }, [0, 1]);
    expect(expected[0]).toHaveLength(5);
    expect(expected[0]).not.toEqual(expected[1]);
    for (const [workers, prefetch] of [
      [0, 4],
      [1, 1],
      [3, 2],
    ] as const) {
      expect(await epochs(files, { ...options, workers, prefetch }, [0, 1])).toEqual(expected);
    }
  });

  test("from the middle of an epoch are those of an uninterrupted run", async () => {
    const options = { batchSize: 4, transform: train, seed: 1, shuffle: true };
    for (const workers of [0, 2]) {
      const loader = createLoader(files, { ...options, workers });
      const whole = await take(loader.epoch(3));
      const resumed = createLoader(files, { ...options, workers });
      expect(await take(resumed.epoch(3, 5))).toEqual(whole.slice(5));
      expect(await take(resumed.epoch(3, 8))).toEqual([]);
      await Promise.all([loader.close(), resumed.close()]);
    }
  });

  test("hold every sample once, in order without shuffling, with its label", async () => {
    const check = fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      async (length, batchSize, shuffle, dropLast, seed) => {
        fc.pre(!dropLast || length >= batchSize);
        const images = Uint8Array.from({ length: length * 4 }, (_, i) => i >> 2);
        const labels = Array.from({ length }, (_, i) => i % 3);
        const dataset = arrayDataset({ images, width: 2, height: 2, labels, classes: ["x", "y", "z"] });
        const transform: Transform = { size: [2, 2], channels: 1, ops: [] };
        const loader = createLoader(dataset, { batchSize, transform, shuffle, dropLast, seed });
        const seen: number[] = [];
        let batches = 0;
        for await (const batch of loader.epoch(1)) {
          batches++;
          expect(batch.images).toHaveLength(batch.size * 4);
          for (const [slot, index] of batch.indices.entries()) {
            seen.push(index);
            expect(batch.labels[slot]).toBe(index % 3);
            expect(batch.images[slot * 4]).toBe(index);
          }
        }
        expect(batches).toBe(loader.batches);
        expect(seen).toHaveLength(dropLast ? Math.floor(length / batchSize) * batchSize : length);
        expect(new Set(seen).size).toBe(seen.length);
        if (!shuffle) expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      },
    );
    await fc.assert(check);
  });

  test("are made for pixels and for bytes of files in memory, by workers too", async () => {
    const bytes = await Promise.all(Array.from({ length: 30 }, (_, i) => readFile(files.path(i))));
    const { files: _, ...memory } = { ...files, load: (i: number) => bytes[i]! };
    const options = { batchSize: 7, transform: train, shuffle: true };
    const expected = await epochs(files, { ...options, workers: 0 }, [0]);
    for (const workers of [0, 2]) expect(await epochs(memory, { ...options, workers }, [0])).toEqual(expected);

    const pixels = arrayDataset({
      images: Uint8Array.from({ length: 30 * 48 }, (_, i) => i * 7),
      width: 4,
      height: 4,
      channels: 3,
      labels: new Array(30).fill(0),
      classes: ["x"],
    });
    const inProcess = await epochs(pixels, { ...options, workers: 0 }, [0]);
    expect(await epochs(pixels, { ...options, workers: 2 }, [0])).toEqual(inProcess);
    // What was sent to workers is still there.
    expect(await epochs(pixels, { ...options, workers: 0 }, [0])).toEqual(inProcess);
  });

  test("are not backed by shared memory", async () => {
    for (const workers of [0, 1]) {
      const loader = createLoader(files, { batchSize: 8, transform: plain, workers });
      for await (const batch of loader.epoch(0)) expect(batch.images.buffer).toBeInstanceOf(ArrayBuffer);
      await loader.close();
    }
  });
});

describe("unreadable files", () => {
  const options = { batchSize: 5, transform: plain, maxBadFraction: 0.2 };

  test.for([0, 2])("are left out and listed without shuffling (%i workers)", async (workers) => {
    const reported: BadSample[] = [];
    const loader = createLoader(damaged, { ...options, workers, onBad: (bad) => reported.push(bad) });
    const sizes: number[] = [];
    const indices: number[] = [];
    for await (const batch of loader.epoch(0)) {
      sizes.push(batch.size);
      indices.push(...batch.indices);
      expect(batch.images).toHaveLength(batch.size * 8 * 8 * 3);
      expect(batch.labels).toHaveLength(batch.size);
    }
    expect(sizes).toEqual([4, 5, 5, 3, 5, 5]);
    expect(indices).toEqual(Array.from({ length: 30 }, (_, i) => i).filter((i) => !broken.includes(i)));
    expect(loader.bad.map(({ index, path }) => ({ index, path }))).toEqual(
      broken.map((i) => ({ index: i, path: damaged.path(i) })),
    );
    expect(loader.bad[0]!.reason).toBe("the file is empty");
    await take(loader.epoch(1));
    expect(reported).toHaveLength(3);
    await loader.close();
  });

  test("give way to the next readable file when shuffling, the same with and without workers", async () => {
    const shuffled = { ...options, shuffle: true, transform: train, seed: 2 };
    const expected = await epochs(damaged, { ...shuffled, workers: 0 }, [0]);
    expect(await epochs(damaged, { ...shuffled, workers: 2 }, [0])).toEqual(expected);
    const batches = expected[0] as { size: number; indices: number[] }[];
    expect(batches.map(({ size }) => size)).toEqual([5, 5, 5, 5, 5, 5]);
    const count = (index: number) => batches.flatMap(({ indices }) => indices).filter((i) => i === index).length;
    expect([...broken.map(count), count(5), count(19), count(20)]).toEqual([0, 0, 0, 2, 3, 1]);
  });

  test.for([0, 1])("above the allowed share end the epoch with their paths (%i workers)", async (workers) => {
    const loader = createLoader(damaged, { ...options, workers, maxBadFraction: 0.05 });
    await expect(take(loader.epoch(0))).rejects.toThrow(
      `3 of 30 samples of ${damaged.name} cannot be read, which is more than maxBadFraction 0.05:\n  ${damaged.path(4)}: the file is empty\n`,
    );
    await loader.close();
  });

  test("twenty in a row are an error even when each may be replaced", async () => {
    const none: Dataset = {
      name: "none",
      classes: ["x"],
      length: 40,
      label: () => 0,
      path: (i) => `none/${i}`,
      load: () => new Uint8Array(3),
    };
    const loader = createLoader(none, { ...options, shuffle: true, workers: 0, maxBadFraction: 1 });
    await expect(take(loader.epoch(0))).rejects.toThrow("20 samples in a row cannot be read, from none/");
  });

  test("may also be what a data set of the user's own throws", async () => {
    const load = async (i: number) => (i === 1 ? Promise.reject(new Error("no such row")) : readFile(files.path(i)));
    const own: Dataset = { ...files, files: false, load };
    const loader = createLoader(own, { ...options, workers: 1 });
    await take(loader.epoch(0));
    expect(loader.bad).toEqual([{ index: 1, path: files.path(1), reason: "no such row" }]);
    await loader.close();
  });

  test("too many pixels count as unreadable", async () => {
    const loader = createLoader(files, { ...options, workers: 0, maxPixels: 100, maxBadFraction: 1 });
    await take(loader.epoch(0));
    expect(loader.bad.length).toBeGreaterThan(0);
    expect(loader.bad[0]!.reason).toMatch(/\d+ x \d+ pixels are more than the limit of 100/);
  });
});

describe("a loader", () => {
  test("refuses options that make no sense", () => {
    const make = (options: Partial<LoaderOptions>) => () =>
      createLoader(files, { batchSize: 4, transform: plain, ...options });
    expect(make({ batchSize: 0 })).toThrow("loader: batchSize must be a positive integer, found 0");
    expect(make({ batchSize: 2.5 })).toThrow("found 2.5");
    expect(make({ workers: -1 })).toThrow("workers must be a whole number, 0 or more, found -1");
    expect(make({ prefetch: 0 })).toThrow("prefetch must be a positive integer, found 0");
    expect(make({ maxBadFraction: 2 })).toThrow("maxBadFraction must lie in [0, 1], found 2");
    expect(make({ batchSize: 31, dropLast: true })).toThrow("dropLast leaves no batch: batchSize is 31");
  });

  test("goes on after an epoch was left early, and ends when closed", async () => {
    const loader = createLoader(files, { batchSize: 3, transform: train, shuffle: true, workers: 2 });
    const whole = await take(loader.epoch(1));
    await take(loader.epoch(0), 2);
    expect(await take(loader.epoch(1))).toEqual(whole);
    const running = loader.epoch(2)[Symbol.asyncIterator]();
    await running.next();
    await loader.close();
    await loader.close();
    await expect(take(loader.epoch(0))).rejects.toThrow("this loader was closed");
  });

  test("reads no further ahead than told", async () => {
    let reads = 0;
    const load = (i: number) => {
      reads++;
      return readFile(files.path(i));
    };
    const loader = createLoader(
      { ...files, files: false, load },
      { batchSize: 3, transform: plain, workers: 0, prefetch: 2 },
    );
    const running = loader.epoch(0)[Symbol.asyncIterator]();
    await running.next();
    await vi.waitFor(() => expect(reads).toBe(9), 10_000); // the batch in hand and two more
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reads).toBe(9);
    await running.return?.(undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reads).toBe(9);
  });

  test("hands on what a worker stumbles over", async () => {
    const nonsense = { ...plain, ops: [{ op: "sharpen" }] } as unknown as Transform;
    const loader = createLoader(files, { batchSize: 3, transform: nonsense, workers: 1 });
    await expect(take(loader.epoch(0))).rejects.toThrow(/a worker failed: /);
    await loader.close();
  });

  const entry = new URL("../../dist/index.js", import.meta.url).href;

  /** Runs a program that has a `loader` with two workers in a process of its own. */
  async function run(program: string, env: Record<string, string> = {}): Promise<{ output: string; code: unknown }> {
    const script = `
      import { createLoader, openFolder, evalTransform } from ${JSON.stringify(entry)};
      const dataset = await openFolder(${JSON.stringify(join(root, "good"))});
      const loader = createLoader(dataset, { batchSize: 4, transform: evalTransform({ size: 8 }), workers: 2 });
      let n = 0;
      ${program}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env, ...env } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const code = await new Promise((resolve) => child.on("close", resolve));
    return { output: output.trim(), code };
  }

  test("does not keep the process alive", async () => {
    const program = `
      for await (const batch of loader.epoch(0)) n += batch.size;
      for await (const batch of loader.epoch(1)) { n += batch.size; break; }
      console.log(n);`;
    expect(await run(program)).toEqual({ output: "34", code: 0 });
  }, 20_000);

  test("reports a worker that dies", async () => {
    const preload = join(root, "die.cjs");
    await writeFile(
      preload,
      `if (!require("node:worker_threads").isMainThread) setTimeout(() => process.exit(3), 300);`,
    );
    const program = `
      try {
        for (;;) for await (const batch of loader.epoch(0)) n += batch.size;
      } catch (error) {
        console.log(error.message);
      }`;
    const { output, code } = await run(program, { NODE_OPTIONS: `--require=${preload}` });
    expect(output).toMatch(/^loader: worker [01] stopped by itself \(exit code 3\)$/);
    expect(code).toBe(0);
  }, 20_000);
});

test("a file that is no image does not stop a worker", async () => {
  const folder = join(root, "texts");
  for (const name of ["a", "b"]) await mkdir(join(folder, name), { recursive: true });
  for (let i = 0; i < 4; i++) await writeFile(join(folder, i < 2 ? "a" : "b", `${i}.jpg`), "no picture");
  const loader = createLoader(await openFolder(folder), {
    batchSize: 2,
    transform: plain,
    workers: 1,
    maxBadFraction: 1,
  });
  expect(await take(loader.epoch(0))).toEqual([]);
  expect(loader.bad).toHaveLength(4);
  await loader.close();
});
