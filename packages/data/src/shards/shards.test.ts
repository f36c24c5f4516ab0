import { mkdir, mkdtemp, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../datasets/dataset.ts";
import { openDataset, openStream } from "../datasets/open.ts";
import { openTfrecord, openWebdataset, streamTfrecord, streamWebdataset } from "../datasets/shards.ts";
import type { BadRecord, SampleStream } from "../datasets/stream.ts";
import { ByteReader } from "./byte-reader.ts";
import { crc32c } from "./crc32c.ts";
import { encodeExample, parseExample } from "./example.ts";
import { expandBraces } from "./find-shards.ts";
import { padding, readTar, tarHeader } from "./tar-file.ts";
import { frameRecord } from "./tfrecord-file.ts";

const fixtures = join(import.meta.dirname, "../__fixtures__/shards");
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-shards-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A folder of its own for each test. */
let folders = 0;
async function folder(): Promise<string> {
  const path = join(root, String(folders++));
  await mkdir(path);
  return path;
}

const image = (i: number, length = 50) => Uint8Array.from({ length }, (_, k) => (k === 0 ? 0xff : (i * 7 + k) & 255));
const record = (i: number, more: Record<string, Uint8Array | string | number> = {}) =>
  frameRecord(encodeExample({ "image/encoded": image(i), "image/class/label": i % 3, ...more }));
const tarFile = (name: string, data: Uint8Array | string) => {
  const bytes = Buffer.from(data);
  return Buffer.concat([tarHeader(name, bytes.length), bytes, new Uint8Array(padding(bytes.length))]);
};
const sample = (i: number, key = `s${i}`) =>
  Buffer.concat([tarFile(`${key}.jpg`, image(i)), tarFile(`${key}.cls`, String(i % 3))]);
const end = new Uint8Array(1024);

async function contents(dataset: Dataset): Promise<[number, number][]> {
  const out: [number, number][] = [];
  for (let i = 0; i < dataset.length; i++) {
    const bytes = (await dataset.load(i)) as Uint8Array;
    const place = dataset.place!(i)!;
    // Whoever reads the bytes at their place finds the same ones.
    const file = await readFile(place.file);
    expect(Buffer.from(bytes).equals(file.subarray(place.offset, place.offset + place.length))).toBe(true);
    out.push([bytes[1]!, dataset.label(i)]);
  }
  return out;
}

async function streamed(
  stream: SampleStream,
  skip = 0,
): Promise<{ keys: string[]; labels: number[]; bad: BadRecord[] }> {
  const out = { keys: [] as string[], labels: [] as number[], bad: [] as BadRecord[] };
  for (let shard = 0; shard < stream.shards.length; shard++)
    for await (const { key, label } of stream.open(shard, { skip, onBad: (bad) => out.bad.push(bad) })) {
      out.keys.push(key);
      out.labels.push(label);
    }
  return out;
}

describe("checksums and messages", () => {
  test("CRC-32C of RFC 3720, B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });

  test("CRC-32C by its definition, bit by bit", () => {
    const byBits = (bytes: Uint8Array) => {
      let crc = 0xffffffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
      }
      return (crc ^ 0xffffffff) >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(crc32c(bytes)).toBe(byBits(bytes));
      }),
    );
  });

  test("examples come back as they were written", () => {
    const integers = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(fc.uint8Array(), integers, fc.string(), (bytes, number, text) => {
        const found = parseExample(encodeExample({ bytes, number, text }));
        expect(found.get("bytes")!.bytes[0]).toEqual(bytes);
        expect(found.get("number")!.ints[0]! + 0).toBe(number + 0);
        expect(new TextDecoder().decode(found.get("text")!.bytes[0])).toBe(text.toWellFormed());
      }),
    );
  });

  test("integers may be packed or not, and floats are passed over", () => {
    // feature { key: "n" value { int64_list { value: [1, 300] } } }, unpacked; { key: "f" value { float_list { value: 1 } } }.
    const n = [0x0a, 1, 0x6e, 0x12, 7, 0x1a, 5, 0x08, 1, 0x08, 0xac, 0x02];
    const f = [0x0a, 1, 0x66, 0x12, 8, 0x12, 6, 0x0a, 4, 0, 0, 128, 63];
    const features = [0x0a, n.length, ...n, 0x0a, f.length, ...f];
    const found = parseExample(Uint8Array.from([0x0a, features.length, ...features]));
    expect(found.get("n")!.ints).toEqual([1, 300]);
    expect(found.get("f")).toEqual({ bytes: [], ints: [] });
  });

  test("bytes that are no example are refused or read as an empty one, never worse", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseExample(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/damaged message/);
        }
      }),
    );
  });
});

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
    const cache = join(path, "cache");
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

  test("a giant length with its right checksum takes no memory", async () => {
    const path = join(await folder(), "a.tfrecord");
    const whole = frameRecord(new Uint8Array(2 ** 20));
    await writeFile(path, Buffer.concat([record(0), whole.subarray(0, 100)]));
    const cut = await streamed(await streamTfrecord(path, { classes: ["a", "b", "c"] }));
    expect(cut.labels).toEqual([0]);
    expect(cut.bad[0]!.reason).toMatch(/truncated: expected 1048580 bytes in a record, found 88/);
  });

  test("whatever is broken, what comes is right and nothing throws", async () => {
    const path = join(await folder(), "a.tfrecord");
    const whole = Buffer.concat(Array.from({ length: 6 }, (_, i) => record(i)));
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
  });

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
    await expect(openTfrecord(`${path}.gz`, { cache: root })).rejects.toThrow(/empty|gzip/);
    await writeFile(`${path}.gz`, "no gzip");
    await expect(openTfrecord(`${path}.gz`, { cache: root })).rejects.toThrow(/damaged gzip file/);
    const { bad } = await streamed(await streamTfrecord(`${path}.gz`, { classes: ["a"] }));
    expect(bad[0]!.reason).toMatch(/damaged gzip file/);
  });
});

describe("WebDataset", () => {
  test("gives images and labels, from the index and as a stream", async () => {
    const path = await folder();
    await writeFile(join(path, "s-000.tar"), Buffer.concat([sample(0), sample(1), end]));
    await writeFile(join(path, "s-001.tar"), Buffer.concat([sample(2), sample(3), end]));
    const dataset = await openDataset(path);
    expect(dataset).toMatchObject({ classes: ["0", "1", "2"], length: 4, skipped: [] });
    expect((await contents(dataset)).map(([, label]) => label)).toEqual([0, 1, 2, 0]);
    expect(dataset.path(2)).toBe(`${join(path, "s-001.tar")}#s2`);
    const stream = await openStream(`webdataset:${path}/s-{000..001}.tar`);
    expect(await streamed(stream)).toEqual({ keys: ["s0", "s1", "s2", "s3"], labels: [0, 1, 2, 0], bad: [] });
    expect((await streamed(stream, 1)).keys).toEqual(["s1", "s3"]);
  });

  test.each(["pax", "gnu"])("reads the long names of Python's tarfile (%s)", async (form) => {
    const file = join(fixtures, `${form}.tar.gz`);
    const cache = await folder();
    const dataset = await openWebdataset(file, { cache });
    expect(dataset.length).toBe(4);
    expect(dataset.path(0)).toMatch(/#photos-of-animals-that-live-in-houses\/(very-){20}long-näme-0$/);
    expect((await streamed(await streamWebdataset(file, { classes: ["a", "b", "c"] }))).labels).toEqual([0, 1, 2, 0]);
  });

  test("labels lie in .cls, .json or .txt", async () => {
    const path = join(await folder(), "a.tar");
    const one = (key: string, ending: string, text: string) =>
      Buffer.concat([tarFile(`${key}.PNG`, image(1)), tarFile(`${key}.${ending}`, text)]);
    const json = (value: unknown) => JSON.stringify(value);
    await writeFile(
      path,
      Buffer.concat([
        one("a", "json", json({ label: 1, class_name: "dog" })),
        one("b", "txt", "cat\n"),
        one("c", "cls", "1"),
        one("d", "json", json({ caption: "no label" })),
        one("e", "json", "{"),
        tarFile("f.cls", "1"),
        tarFile("readme", "no ending"),
        tarFile("g.jpg", ""),
        tarFile("g.cls", "1"),
        end,
      ]),
    );
    const dataset = await openWebdataset(path, { classes: ["cat", "dog"] });
    expect(Array.from({ length: dataset.length }, (_, i) => dataset.label(i))).toEqual([1, 0, 1]);
    expect(dataset.skipped!.map(({ reason }) => reason)).toEqual([
      'sample "d": no label (cls, json, txt, label); it has png, json',
      'sample "e": no label (cls, json, txt, label); it has png, json',
      expect.stringMatching(/^sample "f": no image/),
      'sample "g": the image is empty',
    ]);
    await expect(openWebdataset(path)).rejects.toThrow(/some labels are names and some are numbers/);
  });

  test("keys that come twice are counted and left out", async () => {
    const path = join(await folder(), "a.tar");
    const twice = Buffer.concat([tarFile("b.jpg", image(1)), tarFile("b.jpg", image(2)), tarFile("b.cls", "1")]);
    await writeFile(path, Buffer.concat([sample(0), sample(1), sample(2, "s0"), twice, end]));
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0", "s1"]);
    expect(bad.map(({ reason }) => reason)).toEqual([
      'sample "s0": the same key as an earlier sample of the shard',
      'sample "b": two files .jpg',
    ]);
  });

  test("damage is told with its byte, and reading goes on at the next header", async () => {
    const path = join(await folder(), "a.tar");
    const bytes = Buffer.concat([sample(0), sample(1), sample(2), end]);
    bytes.fill(7, sample(0).length, sample(0).length + 300);
    await writeFile(path, bytes);
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0", "s2"]);
    expect(bad[0]).toEqual({
      shard: path,
      offset: sample(0).length,
      reason: expect.stringMatching(/not a tar header/),
    });
    await writeFile(path, Buffer.concat([sample(0), sample(1)]).subarray(0, sample(0).length + 530));
    const cut = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(cut.keys).toEqual(["s0"]);
    expect(cut.bad[0]!.reason).toMatch(/truncated: "s1.jpg" has 50 bytes, 18 are left in the file/);
    await writeFile(path, "");
    await expect(openWebdataset(path)).rejects.toThrow(/the file is empty/);
    await writeFile(path, "not a tar file, only some words");
    await expect(openWebdataset(path)).rejects.toThrow(/truncated: 31 bytes of a header/);
  });

  test("a giant entry takes no memory", async () => {
    const path = join(await folder(), "a.tar.gz");
    await writeFile(path, gzipSync(Buffer.concat([sample(0), tarHeader("s1.jpg", 7e9), new Uint8Array(2048)])));
    const { keys, bad } = await streamed(await streamWebdataset(path, { classes: ["a", "b", "c"] }));
    expect(keys).toEqual(["s0"]);
    expect(bad.map(({ reason }) => reason).join()).toMatch(/truncated within an entry of 7000000000 bytes/);
  });

  test("whatever is broken, nothing throws or hangs", async () => {
    const path = join(await folder(), "a.tar");
    const whole = Buffer.concat([sample(0), sample(1), sample(2), end]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, value, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        if (at < length) bytes[at] = value;
        await writeFile(path, bytes);
        const stream = await streamWebdataset(path, { classes: ["a", "b", "c"] });
        expect((await streamed(stream)).keys.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 60 },
    );
  });

  test("links to folders above do not send the search in circles", async () => {
    const path = await folder();
    await writeFile(join(path, "a.tar"), Buffer.concat([sample(0), sample(1), end]));
    await symlink(path, join(path, "again"));
    expect((await openWebdataset(`${path}/a.tar`)).length).toBe(2);
    // Found below the link again, to the depth that is searched, and no further.
    expect((await openWebdataset(path)).length).toBeLessThanOrEqual(6);
  });

  test("a reader that stops early closes the file", async () => {
    const path = join(await folder(), "a.tar.gz");
    await writeFile(path, gzipSync(Buffer.concat([sample(0), sample(1), end])));
    const stream = await streamWebdataset(path, { classes: ["a", "b", "c"] });
    for await (const { key } of stream.open(0)) {
      expect(key).toBe("s0");
      break;
    }
  });
});

test("the reader of bytes gives what the file holds, however it is asked", async () => {
  const path = await folder();
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 9)) & 255);
  await writeFile(join(path, "a"), bytes);
  await writeFile(join(path, "a.gz"), gzipSync(bytes));
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1_500_000)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom("a", "a.gz"), async (asked, name) => {
      const reader = await ByteReader.open(join(path, name));
      let at = 0;
      for (const [skip, length] of asked) {
        const expected = Math.min(length, bytes.length - at);
        expect(reader.position).toBe(at);
        if (skip) expect(await reader.skip(length)).toBe(expected);
        else {
          const found = await reader.read(length);
          expect(Buffer.from(found).equals(bytes.subarray(at, at + expected))).toBe(true);
          if (length % 3 === 0) {
            reader.unread(found);
            continue;
          }
        }
        at += expected;
      }
      await reader.close();
    }),
    { numRuns: 30 },
  );
});

test("a pax header gives the size where it stands", async () => {
  const path = join(await folder(), "a.tar");
  const pax = "12 path=abc\n";
  const header = tarHeader("x", pax.length);
  header[156] = "x".charCodeAt(0);
  header.set(Buffer.from("        "), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  await writeFile(
    path,
    Buffer.concat([header, Buffer.from(pax), new Uint8Array(padding(pax.length)), tarFile("y", "hello"), end]),
  );
  const reader = await ByteReader.open(path);
  for await (const entry of readTar(reader, () => {})) {
    expect(entry.name).toBe("abc");
    expect(Buffer.from((await entry.read())!).toString()).toBe("hello");
  }
  await reader.close();
});

test("fixtures of other programs are gzip files", async () => {
  for (const form of ["pax", "gnu"])
    expect(gunzipSync(await readFile(join(fixtures, `${form}.tar.gz`))).length % 512).toBe(0);
});
