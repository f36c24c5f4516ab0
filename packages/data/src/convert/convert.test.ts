import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arrayDataset } from "../datasets/arrays.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { listSplits, openDataset, openStream } from "../datasets/open.ts";
import type { BadRecord } from "../datasets/stream.ts";
import { decodeImage, encodeImage } from "../image.ts";
import { isRawImage } from "../raw-image.ts";
import { type ConvertOptions, convertData, outputFormats } from "./convert.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-convert-"));
});
afterAll(() => rm(root, { recursive: true }));
let outputs = 0;
const output = () => join(root, `out-${outputs++}`);

const classes = ["T-shirt/top", "cat 1", "train"];
const pixels = (i: number) => ({ data: new Uint8Array(2 * 2 * 3).fill(i * 5 + 1), width: 2, height: 2, channels: 3 });
const arrays = (length: number, names: readonly string[] = classes) =>
  arrayDataset({
    images: Array.from({ length }, (_, i) => pixels(i)),
    labels: Array.from({ length }, (_, i) => i % names.length),
    classes: names,
  });

/** A folder of images in three formats, split in two. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(root, "in-"));
  for (const [split, count] of [
    ["train", 9],
    ["val", 4],
  ] as const)
    for (let i = 0; i < count; i++) {
      const format = (["png", "jpeg", "webp"] as const)[i % 3]!;
      const file = join(path, split, ["cat", "dog"][i % 2]!, `${i}.${format === "jpeg" ? "jpg" : format}`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, await encodeImage(pixels(i), format));
    }
  return path;
}

/** Bytes (or pixels) and names of classes, in an order of their own. */
async function contents(data: Dataset): Promise<string[]> {
  const out: string[] = [];
  for (let i = 0; i < data.length; i++) {
    const content = await data.load(i);
    const bytes = isRawImage(content) ? content.data : content;
    out.push(`${data.classes[data.label(i)]} ${Buffer.from(bytes).toString("base64")}`);
  }
  return out.sort();
}

async function files(path: string): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) out[file.slice(path.length + 1)] = (await readFile(file)).toString("base64");
  }
  return out;
}

describe("round trips", () => {
  for (const first of outputFormats)
    for (const second of outputFormats)
      test(`folder to ${first} to ${second}`, async () => {
        const source = await folder();
        let path = source;
        for (const to of [first, second]) {
          const next = output();
          const splits = await listSplits(path);
          expect(splits).toEqual(["train", "val"]);
          const sources = [];
          for (const split of splits) sources.push({ split, data: await openDataset(path, { split }) });
          const report = await convertData(sources, next, { to, ...(to !== "folder" && { shards: 2 }) });
          expect(report.splits.map(({ samples }) => samples)).toEqual([9, 4]);
          expect(report.skipped).toBe(0);
          path = next;
        }
        for (const split of ["train", "val"]) {
          const [a, b] = [await openDataset(source, { split }), await openDataset(path, { split })];
          expect(b.classes).toEqual(a.classes);
          expect(await contents(b)).toEqual(await contents(a));
        }
      });

  test.each(outputFormats)("pixels in memory to %s, with classes whose names no disk takes", async (to) => {
    const data = arrays(7);
    const path = output();
    await convertData([{ split: "", data }], path, { to });
    const back = await openDataset(path);
    expect(back.classes).toEqual(classes);
    const found = [];
    for (let i = 0; i < back.length; i++) {
      const { data: bytes } = await decodeImage((await back.load(i)) as Uint8Array);
      found.push([(bytes[0]! - 1) / 5, back.label(i)]);
    }
    expect(found.sort((a, b) => a[0]! - b[0]!)).toEqual(Array.from({ length: 7 }, (_, i) => [i, i % 3]));
  });

  test.each(outputFormats)("a class without images keeps its index (%s)", async (to) => {
    const data = arrayDataset({ images: [pixels(0), pixels(1)], labels: [2, 2], classes: ["a", "b", "c"] });
    const path = output();
    await convertData([{ split: "", data }], path, { to });
    const back = await openDataset(path);
    expect([back.classes, back.label(0)]).toEqual([["a", "b", "c"], 2]);
  });

  test.each(outputFormats)("parquet files and lists to %s", async (to) => {
    const parquet = join(import.meta.dirname, "../__fixtures__/shards/zstd.parquet");
    const source = await folder();
    const rows = [0, 1, 2].map(
      (i) => `train/${["cat", "dog"][i % 2]}/${i}.${["png", "jpg", "webp"][i]},${["b", "a"][i % 2]}`,
    );
    await writeFile(join(source, "manifest.csv"), `path,label\n${rows.join("\n")}\n`);
    for (const path of [parquet, join(source, "manifest.csv")]) {
      const data = await openDataset(path);
      const next = output();
      await convertData([{ split: "", data }], next, { to });
      const back = await openDataset(next);
      expect(back.classes).toEqual(data.classes);
      expect(await contents(back)).toEqual(await contents(data));
    }
  });

  test("streams are written in their own order", async () => {
    const first = output();
    await convertData([{ split: "", data: arrays(5) }], first, { to: "webdataset", shuffle: false });
    const second = output();
    await convertData([{ split: "", data: await openStream(first) }], second, { to: "tfrecord", gzip: true });
    const bytes = gunzipSync(await readFile(join(second, "data-00000-of-00001.tfrecord.gz")));
    expect(bytes.length).toBeGreaterThan(0);
    const back = await openDataset(second, { cache: join(root, "cache") });
    expect(Array.from({ length: 5 }, (_, i) => back.label(i))).toEqual([0, 1, 2, 0, 1]);
  });
});

describe("what is written", () => {
  /** TFRecord by its definition: length, checksum, data, checksum; CRC-32C bit by bit, turned by 15 and shifted. */
  function records(bytes: Buffer): Buffer[] {
    const masked = (part: Buffer) => {
      let crc = 0xffffffff;
      for (const byte of part) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
      }
      const whole = BigInt((crc ^ 0xffffffff) >>> 0);
      return Number((((whole >> 15n) | (whole << 17n)) + 0xa282ead8n) & 0xffffffffn);
    };
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      expect(bytes.readUInt32LE(at + 8)).toBe(masked(bytes.subarray(at, at + 8)));
      const data = bytes.subarray(at + 12, at + 12 + length);
      expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(data));
      found.push(data);
      at += length + 16;
    }
    return found;
  }

  test("TFRecord files keep the rules of the format", async () => {
    const path = output();
    const report = await convertData([{ split: "train", data: arrays(7) }], path, { to: "tfrecord", shards: 3 });
    const names = ["train-00000-of-00003.tfrecord", "train-00001-of-00003.tfrecord", "train-00002-of-00003.tfrecord"];
    expect(report.splits[0]!.files).toEqual(names);
    expect(report.splits[0]!.lengths).toEqual([3, 2, 2]);
    expect((await readdir(path)).sort()).toEqual(["_info.json", "classes.txt", ...names]);
    const found = [];
    for (const name of names) found.push(...records(await readFile(join(path, name))));
    expect(found).toHaveLength(7);
    for (const record of found)
      for (const key of ["image/encoded", "image/class/label", "image/class/text", "image/format", "image/filename"])
        expect(record.includes(key)).toBe(true);
  });

  test("the same seed gives the same bytes, another one another order", async () => {
    for (const to of outputFormats) {
      const write = async (options: Partial<ConvertOptions>) => {
        const path = output();
        await convertData([{ split: "train", data: arrays(20) }], path, { to, ...options });
        return files(path);
      };
      const first = await write({ seed: 1 });
      expect(await write({ seed: 1 })).toEqual(first);
      if (to !== "folder") expect(await write({ seed: 2 })).not.toEqual(first);
      expect(await write({ seed: 1, limit: 5 })).not.toEqual(first);
    }
  });

  test("shards end at their size", async () => {
    const path = output();
    const { splits } = await convertData([{ split: "", data: arrays(12) }], path, {
      to: "webdataset",
      maxShardSize: 10_000,
    });
    expect(splits[0]!.lengths.length).toBeGreaterThan(2);
    for (const name of splits[0]!.files) expect((await readFile(join(path, name))).length).toBeLessThanOrEqual(10_000);
    expect(JSON.parse(await readFile(join(path, "_info.json"), "utf8")).splits.data.num_samples).toBe(12);
    expect((await openDataset(path)).length).toBe(12);
  });

  test("names of one class that are alike are told apart", async () => {
    const source = await mkdtemp(join(root, "in-"));
    for (const sub of ["x", "y"]) {
      await mkdir(join(source, "cat", sub), { recursive: true });
      await writeFile(join(source, "cat", sub, "1.png"), await encodeImage(pixels(1), "png"));
      await mkdir(join(source, "dog", sub), { recursive: true });
      await writeFile(join(source, "dog", sub, "1.png"), await encodeImage(pixels(2), "png"));
    }
    const path = output();
    await convertData([{ split: "", data: await openDataset(source, { classFrom: "top" }) }], path, { to: "folder" });
    expect(Object.keys(await files(path)).sort()).toEqual(["cat/1-2.png", "cat/1.png", "dog/1-2.png", "dog/1.png"]);
  });
});

describe("what cannot be", () => {
  test("bad samples are counted and told; nothing but bad ones is an error that leaves nothing", async () => {
    const source = await folder();
    await writeFile(join(source, "train/cat/empty.png"), "");
    await writeFile(join(source, "train/cat/text.jpg"), "not an image");
    const bad: BadRecord[] = [];
    const data = await openDataset(source, { split: "train" });
    const report = await convertData([{ split: "train", data }], output(), {
      to: "tfrecord",
      onBad: (one) => bad.push(one),
    });
    expect([report.skipped, report.splits[0]!.samples]).toEqual([2, 9]);
    expect(bad.map(({ reason }) => reason).sort()).toEqual([
      expect.stringMatching(/empty.png: the file is empty/),
      expect.stringMatching(/text.jpg: not an image/),
    ]);
    const path = output();
    const lost = {
      name: "x",
      classes: ["a", "b"],
      length: 1,
      label: () => -1,
      path: () => "p",
      load: () => new Uint8Array(),
    };
    await expect(convertData([{ split: "", data: lost }], path, { to: "folder" })).rejects.toThrow(
      /no sample of x could be used \(1 bad\)/,
    );
    expect((await readdir(root)).filter((name) => name.includes(`${path.slice(root.length + 1)}`))).toEqual([]);
  });

  test("a failure or an end by the user leaves nothing", async () => {
    const path = output();
    const broken = {
      ...arrays(9),
      load: (i: number) => (i === 4 ? Promise.reject(new TypeError("a bug")) : pixels(i)),
    };
    await expect(convertData([{ split: "", data: broken }], path, { to: "tfrecord" })).rejects.toThrow("a bug");
    const stop = new AbortController();
    const options = { to: "webdataset", signal: stop.signal, onProgress: () => stop.abort() } as const;
    await expect(convertData([{ split: "", data: arrays(9) }], path, options)).rejects.toThrow(/abort/);
    expect((await readdir(root)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is refused before anything is written", async () => {
    const source = [{ split: "", data: arrays(4) }];
    const full = output();
    await mkdir(full);
    await writeFile(join(full, "mine.txt"), "");
    await expect(convertData(source, full, { to: "folder" })).rejects.toThrow(
      /expected an empty or missing folder .* found 1 entries/,
    );
    await expect(convertData(source, join(full, "mine.txt"), { to: "folder" })).rejects.toThrow(/found a file/);
    await expect(convertData(source, output(), { to: "tfrecord", shards: 5 })).rejects.toThrow(
      /expected 1 to 4 shards for 4 samples, found 5/,
    );
    await expect(convertData(source, output(), { to: "folder", shards: 2 })).rejects.toThrow(
      /an image folder has no shards/,
    );
    await expect(convertData([], output(), { to: "folder" })).rejects.toThrow(/expected one or more splits/);
    const other = { split: "val", data: arrays(4, ["a", "b"]) };
    await expect(convertData([...source, other], output(), { to: "folder" })).rejects.toThrow(/classes differ/);
  });
});
