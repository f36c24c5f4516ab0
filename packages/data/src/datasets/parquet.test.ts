import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../image.ts";
import { labelsOf } from "../samplers/subset.ts";
import { fixtures } from "../shards/testing.ts";
import { temporaryFolders, writeFiles } from "../testing.ts";
import { listSplits, openDataset, openStream } from "./open.ts";
import { openParquetImages, streamParquet } from "./parquet.ts";
import type { BadRecord, StreamedSample } from "./stream.ts";

const newFolder = temporaryFolders("parquet");

describe("parquet", () => {
  test.each(["none", "snappy", "gzip", "zstd", "brotli", "lz4", "v2"])("of pyarrow, compressed by %s", async (name) => {
    const dataset = await openDataset(join(fixtures, `${name}.parquet`));
    expect(dataset).toMatchObject({ classes: ["cat", "dog", "hen"], length: 7, skipped: [] });
    expect([...labelsOf(dataset)]).toEqual([0, 1, 2, 0, 1, 2, 0]);
    // Out of order, so that row groups are left and come back.
    for (const i of [6, 0, 5, 1, 3]) {
      const { data, width, height } = await decodeImage((await dataset.load(i)) as Uint8Array);
      expect([width, height, data[0], data[1], data[2]]).toEqual([4, 3, i * 10, 255 - i, 7]);
    }
    expect(dataset.path(4)).toBe(`${join(fixtures, `${name}.parquet`)}#4`);
  });

  test("row groups are read again where memory holds only one", async () => {
    const dataset = await openParquetImages(join(fixtures, "snappy.parquet"), { memory: 1 });
    const all = await Promise.all(
      [0, 6, 3, 0, 6, 3].map(async (i) => decodeImage((await dataset.load(i)) as Uint8Array)),
    );
    expect(all.map(({ data }) => data[0])).toEqual([0, 60, 30, 0, 60, 30]);
  });

  test("other names of columns, and labels that are names", async () => {
    const file = join(fixtures, "plain.parquet");
    const dataset = await openDataset(`parquet:${file}`);
    expect(dataset).toMatchObject({ classes: ["cat", "dog", "hen"], length: 5 });
    expect((await openParquetImages(file, { imageKey: "img", labelKey: "class" })).length).toBe(5);
    await expect(openParquetImages(file, { labelKey: "nothing" })).rejects.toThrow(
      /column of labels called nothing; found img \(bytes\), class \(value\)/,
    );
  });

  test("as a stream, from a folder of splits", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "data"));
    for (const name of ["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"])
      await symlink(join(fixtures, "snappy.parquet"), join(folder, "data", `${name}.parquet`));
    expect(await listSplits(folder)).toEqual(["train", "test"]);
    expect((await openDataset(folder, { split: "train" })).length).toBe(14);
    const stream = await openStream(folder, { split: "test" });
    const found: StreamedSample[] = [];
    for await (const sample of stream.open(0, { skip: 2 })) found.push(sample);
    expect(found.map(({ key, label }) => [key, label])).toEqual([
      ["2", 2],
      ["3", 0],
      ["4", 1],
      ["5", 2],
      ["6", 0],
    ]);
  });

  test("rows that cannot be used are told with their number", async () => {
    const file = join(fixtures, "broken.parquet");
    const dataset = await openParquetImages(file);
    expect(dataset.length).toBe(2);
    expect(dataset.skipped).toEqual([
      { shard: file, offset: 2, reason: "label 9 is outside of the 3 classes (0 to 2)" },
      { shard: file, offset: 3, reason: "the row has no label" },
    ]);
    await expect(dataset.load(1)).rejects.toThrow(/broken.parquet#1: the row has no image/);
    const bad: BadRecord[] = [];
    const found: StreamedSample[] = [];
    for await (const sample of (await streamParquet(file)).open(0, { onBad: (one) => bad.push(one) }))
      found.push(sample);
    expect(found.map(({ key }) => key)).toEqual(["0"]);
    expect(bad.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  test("without a column of images, truncated, empty: an error with the file", async () => {
    await expect(openDataset(join(fixtures, "no-image.parquet"))).rejects.toThrow(
      /no-image.parquet: expected a column of images .* found text \(value\), label \(value\)/,
    );
    const whole = await readFile(join(fixtures, "snappy.parquet"));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const folder = await writeFiles(await newFolder(), { "a.parquet": whole.subarray(0, length) });
        await expect(openDataset(join(folder, "a.parquet"))).rejects.toThrow(
          /a\.parquet: (damaged|not a) parquet file/,
        );
      }),
      { numRuns: 20 },
    );
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(0xffffffff, bytes.length - 8);
    const folder = await writeFiles(await newFolder(), { "a.parquet": bytes });
    await expect(openDataset(folder)).rejects.toThrow(/damaged parquet file: parquet metadata length 4294967295/);
  });

  test("whatever is broken is said or passed, and nothing hangs", async () => {
    const whole = await readFile(join(fixtures, "snappy.parquet"));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        const folder = await writeFiles(await newFolder(), { "a.parquet": bytes });
        try {
          const dataset = await openParquetImages(join(folder, "a.parquet"));
          for (let i = 0; i < dataset.length; i++) await dataset.load(i);
        } catch (error) {
          expect(error).toMatchObject({ name: "VitrineError" });
        }
      }),
      { numRuns: 40 },
    );
  });
});
