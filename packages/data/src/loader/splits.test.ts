// Several images of each sample: where they lie in a batch, and what they do not depend on.

import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, Rng } from "@vitrine/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrayDataset } from "../datasets/arrays.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { openFolder } from "../datasets/folder.ts";
import { streamOf } from "../datasets/stream.ts";
import { decodeImage, writeImage } from "../image.ts";
import { trainTransformParts } from "../presets.ts";
import { repeatedSampler } from "../samplers/sampler.ts";
import { applySplits } from "../transforms/splits.ts";
import { createLoader } from "./loader.ts";
import type { LoaderOptions } from "./options.ts";
import { createStreamLoader, type StreamLoaderOptions } from "./stream-loader.ts";

const count = 3;
const { primary, secondary } = trainTransformParts({ size: 12, autoAugment: "augmix-m5-w2-d2" });
const split = { transform: primary, splits: { count, secondary } };

let root: string;
/** 10 PNG and 10 JPEG files. */
let files: Dataset;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-splits-"));
  for (let i = 0; i < 20; i++) {
    const folder = join(root, "set", i % 2 === 0 ? "a" : "b");
    await mkdir(folder, { recursive: true });
    const rng = Rng.of("file", i);
    const [width, height] = [24 + (i % 3), 20 + (i % 4)];
    const data = Uint8Array.from({ length: width * height * 3 }, () => rng.int(256));
    await writeImage({ data, width, height, channels: 3 }, join(folder, `${i}.${i < 10 ? "png" : "jpg"}`));
  }
  files = await openFolder(join(root, "set"));
});
afterAll(() => rm(root, { recursive: true }));

interface Seen extends Omit<Batch, "images" | "labels" | "indices" | "repeats"> {
  /** [splits, samples] */
  images: string[];
  labels: number[];
  indices: number[];
  repeats?: number[];
}

function seen({ images, labels, indices, repeats, ...shape }: Batch): Seen {
  const bytes = images.length / shape.size;
  const each = Array.from({ length: shape.size }, (_, i) =>
    Buffer.from(images.subarray(i * bytes, (i + 1) * bytes)).toString("hex"),
  );
  const more = repeats === undefined ? {} : { repeats: [...repeats] };
  return { ...shape, images: each, labels: [...labels], indices: [...indices], ...more };
}

async function all(source: AsyncIterable<Batch>): Promise<Seen[]> {
  const batches: Seen[] = [];
  for await (const batch of source) batches.push(seen(batch));
  return batches;
}

async function epoch(dataset: Dataset, options: LoaderOptions, [number, start] = [1, 0]): Promise<Seen[]> {
  const loader = createLoader(dataset, options);
  const batches = await all(loader.epoch(number, start));
  await loader.close();
  return batches;
}

const options = { ...split, batchSize: 6, shuffle: true, seed: 4 };

test("lie in timm's order, and are what applySplits makes of a sample", async () => {
  const loader = createLoader(files, { ...options, workers: 0 });
  expect(loader).toMatchObject({ batchSize: 6, length: 20, batches: 4, splits: 3 });
  const batches = await all(loader.epoch(1));
  expect(batches.map(({ size, splits }) => [size, splits])).toEqual([...new Array(3).fill([18, 3]), [6, 3]]);
  for (const { size, images, indices, labels } of batches) {
    const samples = size / count;
    for (let i = 0; i < size; i++) {
      expect(indices[i]).toBe(indices[i % samples]);
      expect(labels[i]).toBe(files.label(indices[i]!));
    }
    for (let i = 0; i < samples; i++) {
      const sample = indices[i]!;
      const image = await decodeImage(await readFile(files.path(sample)), { channels: 3 });
      const made = applySplits(image, { primary, secondary }, count, { seed: 4, epoch: 1, sample });
      const lies = Array.from({ length: count }, (_, part) => images[part * samples + i]);
      expect(lies).toEqual(made.map(({ data }) => Buffer.from(data).toString("hex")));
      expect(new Set(lies).size).toBe(count);
    }
  }
  await loader.close();
});

test("are beside the images that a loader without splits gives", async () => {
  const { splits: _, ...one } = options;
  const plain = await epoch(files, { ...one, workers: 0 });
  const several = await epoch(files, { ...options, workers: 0 });
  expect(several.map(({ images, size }) => images.slice(0, size / count))).toEqual(plain.map(({ images }) => images));
  for (const batch of plain) expect(batch).not.toHaveProperty("splits");
});

test("are the same with any number of workers, however far ahead, with memory that is used again, and cached", async () => {
  const expected = await epoch(files, { ...options, workers: 0 });
  const others: Partial<LoaderOptions>[] = [
    { workers: 1, prefetch: 1 },
    { workers: 3, prefetch: 2 },
    { workers: 2, reuseAfter: 2 },
    { workers: 0, reuseAfter: 1 },
    { workers: 2, cache: "ram" },
    { workers: 0, cache: "disk", cacheDir: join(root, "cache") },
    { workers: 2, cache: "disk", cacheDir: join(root, "cache") },
  ];
  for (const other of others) {
    const loader = createLoader(files, { ...options, ...other });
    if (other.cache !== undefined) await all(loader.epoch(0));
    expect(await all(loader.epoch(1)), JSON.stringify(other)).toEqual(expected);
    await loader.close();
  }
});

test("are not backed by shared memory", async () => {
  for (const workers of [0, 1]) {
    const loader = createLoader(files, { ...options, workers });
    for await (const { images } of loader.epoch(0)) expect(images.buffer).toBeInstanceOf(ArrayBuffer);
    await loader.close();
  }
});

test("from the middle of an epoch are those of an uninterrupted run", async () => {
  const whole = await epoch(files, { ...options, workers: 0 });
  for (const workers of [0, 2]) expect(await epoch(files, { ...options, workers }, [1, 2])).toEqual(whole.slice(2));
});

test("of two ranks are together those of one", async () => {
  const both = await epoch(files, { ...options, workers: 0 });
  const ranks = await Promise.all(
    [0, 1].map((rank) => epoch(files, { ...options, batchSize: 3, rank, worldSize: 2, workers: rank })),
  );
  const bySample = (batches: readonly Seen[]) =>
    batches
      .flatMap(({ images, indices }) => images.map((image, i) => `${indices[i]} ${image}`))
      .toSorted((a, b) => (a < b ? -1 : 1));
  expect(bySample(ranks.flat())).toEqual(bySample(both));
});

test("differ each time a sample comes, and say which time it is", async () => {
  const again = { ...split, batchSize: 6, sampler: repeatedSampler(20, { repeats: 3, round: 1 }), workers: 0 };
  const batches = await epoch(files, again);
  for (const { images, repeats, indices, size } of batches) {
    expect(new Set(images).size).toBe(size);
    const samples = size / count;
    expect(repeats).toEqual(Array.from({ length: size }, (_, i) => repeats![i % samples]));
    expect(new Set(indices.slice(0, samples)).size).toBeLessThan(samples);
  }
  expect(await epoch(files, { ...again, workers: 2 })).toEqual(batches);
});

test("of pixels in memory need no file, and a sample is read once", async () => {
  const rng = Rng.of("pixels");
  const images = Uint8Array.from({ length: 7 * 16 * 16 * 3 }, () => rng.int(256));
  const shape = { width: 16, height: 16, channels: 3, labels: [0, 1, 0, 1, 0, 1, 0], classes: ["x", "y"] };
  const pixels = arrayDataset({ images, ...shape });
  let reads = 0;
  const load = (i: number) => {
    reads++;
    return pixels.load(i);
  };
  const batches = await epoch({ ...pixels, load }, { ...options, workers: 0 });
  expect(reads).toBe(7);
  expect(batches.map(({ size }) => size)).toEqual([18, 3]);
  expect(await epoch(pixels, { ...options, workers: 2 })).toEqual(batches);
});

test("are left out all together, or replaced, where a file cannot be read", async () => {
  for (const i of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const folder = join(root, "damaged", i % 2 === 0 ? "a" : "b");
    await mkdir(folder, { recursive: true });
    if (i === 3) await writeFile(join(folder, `${i}.png`), "no picture");
    else await copyFile(files.path(i), join(folder, `${i}.png`));
  }
  const damaged = await openFolder(join(root, "damaged"));
  const bad = Array.from({ length: 8 }, (_, i) => i).find((i) => damaged.path(i).endsWith("3.png"))!;
  const most = { ...split, batchSize: 5, maxBadFraction: 0.5 };
  for (const workers of [0, 2]) {
    const skipped = await epoch(damaged, { ...most, workers });
    expect(skipped.map(({ size, images }) => [size, images.length])).toEqual(
      bad < 5
        ? [
            [12, 12],
            [9, 9],
          ]
        : [
            [15, 15],
            [6, 6],
          ],
    );
    expect(skipped.flatMap(({ indices }) => indices)).not.toContain(bad);
    for (const { indices, size } of skipped)
      expect(indices).toEqual(Array.from({ length: size }, (_, i) => indices[i % (size / count)]));
    const replaced = await epoch(damaged, { ...most, shuffle: true, workers });
    expect(replaced.map(({ size }) => size)).toEqual([15, 9]);
  }
});

test("of a stream begin with those of a stream without splits, for any number of workers", async () => {
  const contents = await Promise.all(Array.from({ length: 20 }, (_, i) => readFile(files.path(i))));
  async function* samples() {
    for (const [i, content] of contents.entries()) yield { key: String(i), label: files.label(i), content };
  }
  const stream = streamOf(samples, { name: "memory", classes: files.classes, length: 20 });
  const made = async (more: Partial<StreamLoaderOptions>) => {
    const loader = createStreamLoader(stream, { transform: primary, batchSize: 6, seed: 4, ...more });
    expect(loader.splits).toBe(more.splits?.count);
    const batches = await all(loader.epoch(1));
    await loader.close();
    return batches;
  };
  const one = await made({ workers: 0 });
  const several = await made({ ...split, workers: 0 });
  expect(several.map(({ size }) => size)).toEqual([18, 18, 18, 6]);
  expect(several.map(({ images, size }) => images.slice(0, size / count))).toEqual(one.map(({ images }) => images));
  for (const { images, size } of several) expect(new Set(images).size).toBe(size);
  expect(await made({ ...split, workers: 2 })).toEqual(several);
});

test("are refused where they make no sense", () => {
  const make = (splits: LoaderOptions["splits"]) => () =>
    createLoader(files, { batchSize: 4, transform: primary, ...(splits && { splits }) });
  expect(make({ count: 1, secondary })).toThrow(
    "loader: expected 2 or more splits, found 1; for one image a sample leave splits out",
  );
  expect(make({ count: 2.5, secondary })).toThrow("found 2.5");
  expect(make({ count: 2, secondary: trainTransformParts({ size: 8 }).secondary })).toThrow(
    "expected images of 12 x 12 x 3 from splits.secondary as from transform, found 8 x 8 x 3",
  );
});
