import { readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDataset, openStream } from "../datasets/open.ts";
import { openTfrecord, streamTfrecord } from "../datasets/shards.ts";
import type { BadRecord } from "../datasets/stream.ts";
import { temporaryFolders } from "../testing.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { encodeExample } from "./example.ts";
import { expandBraces } from "./find-shards.ts";
import { contents, image, streamed } from "./testing.ts";
import { frameRecord } from "./tfrecord-file.ts";

const folder = temporaryFolders("shards");

const record = (i: number, more: Record<string, Uint8Array | string | number> = {}) =>
  frameRecord(encodeExample({ "image/encoded": image(i), "image/class/label": i % 3, ...more }));

describe("patterns", () => {
  test("braces are written out", () => {
    expect(expandBraces("a-{08..11}.tar")).toEqual(["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]);
    expect(expandBraces("{x,y}-{0..1}")).toEqual(["x-0", "x-1", "y-0", "y-1"]);
    expect(expandBraces("{2..0}")).toEqual(["2", "1", "0"]);
    expect(() => expandBraces("{0..99999999}")).toThrow(/more than 100000/);
    expect(() => expandBraces("{0..999}{0..999}")).toThrow(/more than 100000/);
  });

  test("name files of one folder or several", async () => {
    const path = await folder();
    for (const name of ["train-00000-of-00002", "train-00001-of-00002", "validation-00000-of-00001"])
      await writeFile(join(path, name), Buffer.concat([record(0), record(1), record(2)]));
    expect(await openDataset(path, { split: "train" })).toMatchObject({ length: 6, classes: ["0", "1", "2"] });
    expect(await openDataset(path, { split: "val" })).toMatchObject({ length: 3 });
    expect((await openDataset(`tfrecord:${path}/train-0000{0..1}-of-00002`)).length).toBe(6);
    expect((await openDataset(`tfrecord:${path}/*-00000-*`)).length).toBe(6);
    await expect(openDataset(path)).rejects.toThrow(/holds the splits train, val; say which one/);
    await expect(openDataset(path, { split: "test" })).rejects.toThrow(/no shards of split "test"; it has train, val/);
    await expect(openDataset(`${path}/t-{0..1}.tar`)).rejects.toThrow(/expected a file at .*t-0.tar, found nothing/);
    await expect(openDataset(`tfrecord:${path}/nothing`)).rejects.toThrow(/found nothing/);
  });
});

describe("TFRecord", () => {
  test("gives images and labels, from the index and as a stream", async () => {
    const path = join(await folder(), "a.tfrecord");
    await writeFile(path, Buffer.concat([0, 1, 2, 3].map((i) => record(i, { "image/class/text": `class ${i % 3}` }))));
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ classes: ["class 0", "class 1", "class 2"], length: 4, skipped: [] });
    expect(dataset.path(1)).toBe(`${path}#1`);
    const found = await contents(dataset);
    expect(found.map(([, label]) => label)).toEqual([0, 1, 2, 0]);
    expect(found.map(([byte]) => byte)).toEqual([0, 1, 2, 3].map((i) => image(i)[1]));
    // The second time from the file beside it.
    expect(await contents(await openTfrecord(path))).toEqual(found);
    const stream = await openStream(path);
    expect(await streamed(stream)).toEqual({ keys: ["0", "1", "2", "3"], labels: [0, 1, 2, 0], bad: [] });
    expect((await streamed(stream, 3)).keys).toEqual(["3"]);
  });

  test("may be gzipped", async () => {
    const path = await folder();
    await writeFile(join(path, "a.tfrecord.gz"), gzipSync(Buffer.concat([record(0), record(1), record(2)])));
    const cache = await folder();
    expect((await contents(await openTfrecord(path, { cache }))).map(([, label]) => label)).toEqual([0, 1, 2]);
    expect((await streamed(await streamTfrecord(path, { classes: ["a", "b", "c"] }))).labels).toEqual([0, 1, 2]);
  });

  test("labels may begin at 1, be names, or lie under other keys", async () => {
    const path = await folder();
    const one = (features: Record<string, Uint8Array | string | number>) => frameRecord(encodeExample(features));
    await writeFile(
      join(path, "one.tfrecord"),
      Buffer.concat([1, 2, 3].map((n) => record(0, { "image/class/label": n }))),
    );
    const first = await openTfrecord(join(path, "one.tfrecord"), { firstLabel: 1, classes: ["a", "b", "c"] });
    expect((await contents(first)).map(([, label]) => label)).toEqual([0, 1, 2]);
    await writeFile(join(path, "own.tfrecord"), Buffer.concat(["dog", "cat"].map((y) => one({ x: image(1), y }))));
    const own = await openTfrecord(join(path, "own.tfrecord"), { imageKey: "x", labelKey: "y" });
    expect(own).toMatchObject({ classes: ["cat", "dog"], length: 2 });
    expect([own.label(0), own.label(1)]).toEqual([1, 0]);
    await expect(openTfrecord(join(path, "own.tfrecord"))).rejects.toThrow(
      /no usable image.*no image under image\/encoded or image or image_raw; it has x, y/,
    );
  });

  test("a wrong checksum costs one record; shard and byte are told", async () => {
    const path = join(await folder(), "a.tfrecord");
    const bytes = Buffer.concat([record(0), record(1), record(2)]);
    const at = record(0).length;
    bytes[at + 40]! ^= 1;
    await writeFile(path, bytes);
    const bad: BadRecord[] = [];
    const dataset = await openTfrecord(path, { onBad: (one) => bad.push(one) });
    expect(dataset.length).toBe(2);
    expect(dataset.skipped).toEqual([
      { shard: path, offset: at, reason: expect.stringMatching(/^wrong checksum of a record: expected [0-9a-f]{8}/) },
    ]);
    expect(bad).toEqual(dataset.skipped);
    const stream = await streamTfrecord(path, { classes: ["a", "b", "c"] });
    expect(await streamed(stream)).toEqual({ keys: ["0", "1"], labels: [0, 2], bad });
  });

  test("after a length that lies, the next record is found", async () => {
    const path = join(await folder(), "a.tfrecord");
    const giant = frameRecord(new Uint8Array(20));
    new DataView(giant.buffer).setBigUint64(0, 2n ** 60n, true);
    await writeFile(path, Buffer.concat([record(0), giant, record(1), Buffer.from("rubbish"), record(2)]));
    const { labels, bad } = await streamed(await streamTfrecord(path, { classes: ["a", "b", "c"] }));
    expect(labels).toEqual([0, 1, 2]);
    expect(bad.map(({ offset }) => offset)).toEqual([
      record(0).length,
      record(0).length + giant.length + record(1).length,
    ]);
    expect(bad[0]!.reason).toMatch(/wrong checksum of a record's length; looking for the next record/);
  });

  test("a length of a terabyte with its right checksum is refused, and the next record found", async () => {
    const path = join(await folder(), "a.tfrecord");
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(2n ** 40n);
    head.writeUInt32LE(maskedCrc32c(head, 0, 8), 8);
    for (const packed of [false, true]) {
      const bytes = Buffer.concat([record(0), head, Buffer.alloc(1000), record(1)]);
      const file = packed ? `${path}.gz` : path;
      await writeFile(file, packed ? gzipSync(bytes) : bytes);
      const { labels, bad } = await streamed(await streamTfrecord(file, { classes: ["a", "b", "c"] }));
      expect(labels).toEqual([0, 1]);
      expect(bad).toEqual([
        {
          shard: file,
          offset: record(0).length,
          reason: expect.stringMatching(/a record of 1099511627776 bytes is too long/),
        },
      ]);
    }
  });

  test("a gzipped shard that would fill the disk is refused", async () => {
    const path = await folder();
    await writeFile(join(path, "a.tfrecord.gz"), gzipSync(new Uint8Array(2 ** 25)));
    const cache = join(path, "cache");
    await expect(openTfrecord(path, { cache })).rejects.toThrow(/holds more than 200 times its own size/);
    expect(await readdir(join(cache, "unpacked"))).toEqual([]);
  });

  test("a record that is cut off takes no more memory than there is", async () => {
    const path = join(await folder(), "a.tfrecord");
    const whole = frameRecord(new Uint8Array(2 ** 20));
    await writeFile(path, Buffer.concat([record(0), whole.subarray(0, 100)]));
    const cut = await streamed(await streamTfrecord(path, { classes: ["a", "b", "c"] }));
    expect(cut.labels).toEqual([0]);
    expect(cut.bad[0]!.reason).toMatch(/truncated: expected 1048580 bytes in a record, found 88/);
  });

  test.each(["a.tfrecord", "a.tfrecord.gz"])(
    "whatever is broken, what comes is right and nothing throws (%s)",
    async (name) => {
      const path = join(await folder(), name);
      const records = Buffer.concat(Array.from({ length: 6 }, (_, i) => record(i)));
      const whole = name.endsWith(".gz") ? gzipSync(records) : records;
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, length) => {
          const bytes = Buffer.from(whole.subarray(0, length));
          if (at < length) bytes[at] = value;
          await writeFile(path, bytes);
          for await (const { content, label } of (await streamTfrecord(path, { classes: ["a", "b", "c"] })).open(0)) {
            const found = content as Uint8Array;
            const i = [0, 1, 2, 3, 4, 5].find((k) => image(k)[1] === found[1])!;
            expect(found).toEqual(image(i));
            expect(label).toBe(i % 3);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  test("labels outside of the classes are counted and left out", async () => {
    const path = join(await folder(), "a.tfrecord");
    await writeFile(path, Buffer.concat([record(0), record(1), record(2)]));
    const dataset = await openTfrecord(path, { classes: ["a", "b"] });
    expect(dataset.length).toBe(2);
    expect(dataset.skipped![0]!.reason).toBe("label 2 is outside of the 2 classes (0 to 1)");
    expect((await streamed(await streamTfrecord(path, { classes: ["a", "b"] }))).bad).toHaveLength(1);
  });

  test("an index that is older than its shard, damaged or of other keys is made anew", async () => {
    const path = await folder();
    const file = join(path, "a.tfrecord");
    await writeFile(file, Buffer.concat([record(0), record(1)]));
    expect((await openTfrecord(file)).length).toBe(2);
    await writeFile(file, Buffer.concat([record(0), record(1), record(2)]));
    expect((await contents(await openTfrecord(file))).length).toBe(3);
    // The same size, another time.
    await writeFile(file, Buffer.concat([record(2), record(1), record(0)]));
    await utimes(file, new Date(0), new Date(0));
    expect((await contents(await openTfrecord(file))).map(([, label]) => label)).toEqual([2, 1, 0]);
    await writeFile(join(path, ".a.tfrecord.index.json"), "{");
    expect((await openTfrecord(file)).length).toBe(3);
    await expect(openTfrecord(file, { imageKey: "other" })).rejects.toThrow(/no image under other/);
    expect((await openTfrecord(file)).length).toBe(3);
    const opened = await openTfrecord(file);
    await truncate(file, 10);
    await expect(opened.load(0)).rejects.toThrow(/the shard changed/);
  });

  test("an empty file is said to be empty", async () => {
    const path = join(await folder(), "a.tfrecord");
    await writeFile(path, "");
    await expect(openTfrecord(path)).rejects.toThrow(/the first in .* at byte 0: the file is empty/);
    await writeFile(`${path}.gz`, "");
    const cache = await folder();
    await expect(openTfrecord(`${path}.gz`, { cache })).rejects.toThrow(/empty|gzip/);
    await writeFile(`${path}.gz`, "no gzip");
    await expect(openTfrecord(`${path}.gz`, { cache })).rejects.toThrow(/damaged gzip file/);
    const { bad } = await streamed(await streamTfrecord(`${path}.gz`, { classes: ["a"] }));
    expect(bad[0]!.reason).toMatch(/damaged gzip file/);
  });
});
