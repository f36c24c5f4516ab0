import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labelsOf } from "../samplers/subset.ts";
import { temporaryFolders, writeFiles } from "../testing.ts";
import { readClassMap } from "./class-map.ts";
import { csvField, parseCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { openFolder } from "./folder.ts";
import { openManifest } from "./manifest.ts";
import { openMnist } from "./mnist.ts";
import { listSplits, openDataset } from "./open.ts";
import { type BadRecord, type StreamedSample, streamOf } from "./stream.ts";

const newFolder = temporaryFolders("sources");
const write = async (files: Readonly<Record<string, string | Uint8Array>>) => writeFiles(await newFolder(), files);
const labels = (dataset: Dataset) => [...labelsOf(dataset)];

describe("lists", () => {
  test("CSV comes back as it was written", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        const text = ["a,b", ...rows.map((row) => row.map(csvField).join(","))].join("\r\n");
        const kept = rows.filter((row) => row.some((field) => field !== ""));
        expect(
          parseCsv("x", text)
            .slice(1)
            .map(({ fields }) => fields),
        ).toEqual(kept);
      }),
    );
  });

  test("of CSV: quoted fields, other delimiters, splits, paths beside the list", async () => {
    const folder = await write({
      "manifest.csv":
        'path,label,split\n"a,1.jpg","big ""dog""",train\nb.jpg,cat,train\n\n"sub/c.jpg",cat,validation\r\n',
    });
    expect(await listSplits(folder)).toEqual(["train", "val"]);
    const train = await openDataset(folder, { split: "train" });
    expect(train.classes).toEqual(['big "dog"', "cat"]);
    expect(train.path(0)).toBe(join(folder, "a,1.jpg"));
    expect(labels(train)).toEqual([0, 1]);
    expect(train.files).toBe(true);
    const val = await openDataset(`csv:${join(folder, "manifest.csv")}`, { split: "val" });
    expect(val.path(0)).toBe(join(folder, "sub/c.jpg"));
    expect(val.classes).toEqual(train.classes);
    await expect(openDataset(folder)).rejects.toThrow(/holds the splits train, val; say which one/);
    await expect(openDataset(folder, { split: "test" })).rejects.toThrow(/no rows of split "test"/);
    const other = await write({ "x.csv": "image;class\na.jpg;1\nb.jpg;0\n", "bare.tsv": "a.jpg\tdog\nb.jpg\tcat\n" });
    expect(labels(await openDataset(join(other, "x.csv")))).toEqual([1, 0]);
    expect(await openDataset(join(other, "bare.tsv"))).toMatchObject({ length: 2, classes: ["cat", "dog"] });
  });

  test("of JSON objects, with names of fields of one's own", async () => {
    const folder = await write({
      "l.jsonl": '{"file_name":"a.jpg","label":1}\n\n{"file_name":"b.jpg","label":0}\n',
      "o.jsonl": '{"p":"a","y":"x"}',
    });
    expect(labels(await openDataset(join(folder, "l.jsonl")))).toEqual([1, 0]);
    const own = await openManifest(join(folder, "o.jsonl"), { imageKey: "p", labelKey: "y" });
    expect([own.path(0), own.classes]).toEqual([join(folder, "a"), ["x"]]);
  });

  test("mistakes are told with their line", async () => {
    const folder = await write({
      "columns.csv": "a,b\n1,2\n",
      "quote.csv": 'path,label\n"a.jpg,1\n',
      "after.csv": 'path,label\n"a"b,1\n',
      "none.csv": "path,label\na.jpg,0\nb.jpg,\n",
      "empty.csv": "",
      "bad.jsonl": '{"path":"a","label":0}\n{"path":',
      "array.jsonl": "[1]",
      "mixed.csv": "path,label\na.jpg,0\nb.jpg,dog\n",
      "range.csv": "path,label\na.jpg,0\nb.jpg,7\n",
    });
    const open = (name: string, classes?: string[]) => openManifest(join(folder, name), classes && { classes });
    await expect(open("columns.csv")).rejects.toThrow(/expected the columns path and label, found a, b/);
    await expect(open("quote.csv")).rejects.toThrow(/line 2: a quote is never closed/);
    await expect(open("after.csv")).rejects.toThrow(/line 2: text after a closing quote: b,1/);
    await expect(open("none.csv")).rejects.toThrow(/line 3: expected a label for b.jpg/);
    await expect(open("empty.csv")).rejects.toThrow(/expected rows of path and label, found none/);
    await expect(open("bad.jsonl")).rejects.toThrow(/line 2: not JSON/);
    await expect(open("array.jsonl")).rejects.toThrow(/line 1: expected an object/);
    await expect(open("mixed.csv")).rejects.toThrow(/some labels are names and some are numbers/);
    await expect(open("range.csv", ["a", "b"])).rejects.toThrow(
      /range.csv: line 3: label 7 is outside of the 2 classes/,
    );
    await expect(open("missing.csv")).rejects.toThrow(/cannot be read/);
  });

  test("beside class folders they are left alone", async () => {
    const folder = await write({ "cat/1.jpg": "", "dog/1.jpg": "", "labels.csv": "id,breed\n1,x\n", "all.tar": "" });
    expect(await openDataset(folder)).toMatchObject({ classes: ["cat", "dog"], length: 2 });
  });
});

describe("class maps", () => {
  const read = async (text: string) => [...(await readClassMap(join(await write({ "m.txt": text }), "m.txt"))).indexOf];
  test("have one name a line, names and indices, or JSON", async () => {
    expect(await read("cat\ndog\n")).toEqual([
      ["cat", 0],
      ["dog", 1],
    ]);
    expect(await read("golden retriever 1\ncat 0\n")).toEqual([
      ["golden retriever", 1],
      ["cat", 0],
    ]);
    expect(await read("cat,0\nkitten,0\ndog,1")).toEqual([
      ["cat", 0],
      ["kitten", 0],
      ["dog", 1],
    ]);
    expect(await read("class 0\nclass 1")).toEqual([
      ["class 0", 0],
      ["class 1", 1],
    ]);
    expect(await read('["b", "a"]')).toEqual([
      ["b", 0],
      ["a", 1],
    ]);
    expect(await read('{"b": 1, "a": 0}')).toEqual([
      ["b", 1],
      ["a", 0],
    ]);
  });
  test("say what is wrong with them", async () => {
    await expect(read("")).rejects.toThrow(/expected names of classes, found none/);
    await expect(read("a\na")).rejects.toThrow(/class "a" stands there twice/);
    await expect(read('{"a": 5}')).rejects.toThrow(/found 5 for "a"/);
    await expect(read('{"a": 1, "b": 1}')).rejects.toThrow(/no class has the index 0/);
    await expect(read("[1]")).rejects.toThrow(/expected names, found 1/);
    await expect(read("{")).rejects.toThrow(/not JSON/);
    await expect(readClassMap(join(await newFolder(), "nothing.txt"))).rejects.toThrow(/cannot be read/);
  });
  test("choose and order the folders of an image folder", async () => {
    const folder = await write({ "d/cat/1.png": "", "d/dog/1.png": "", "d/hen/1.png": "", "m.txt": "hen\ncat\n" });
    const dataset = await openFolder(join(folder, "d"), { classMap: join(folder, "m.txt") });
    expect(dataset.classes).toEqual(["hen", "cat"]);
    expect(labels(dataset)).toEqual([1, 0]);
    await writeFile(join(folder, "m.txt"), "fish");
    await expect(openFolder(join(folder, "d"), { classMap: join(folder, "m.txt") })).rejects.toThrow(
      /no folder of .* is named in the class map/,
    );
  });
});

describe("MNIST's kin", () => {
  const idx = (shape: number[], data: number[] | Uint8Array, type = 8) => {
    const head = Buffer.alloc(4 + 4 * shape.length);
    head.writeUInt32BE(type * 256 + shape.length);
    for (const [i, n] of shape.entries()) head.writeUInt32BE(n, 4 + 4 * i);
    return Buffer.concat([head, Buffer.from(data)]);
  };
  const images = (n: number) =>
    idx(
      [n, 2, 2],
      new Uint8Array(4 * n).map((_, i) => i),
    );

  test("EMNIST's sets lie in one folder and have names of their own", async () => {
    const folder = await write({
      "gzip/emnist-letters-train-images-idx3-ubyte.gz": gzipSync(images(2)),
      "gzip/emnist-letters-train-labels-idx1-ubyte.gz": gzipSync(idx([2], [1, 26])),
      "gzip/emnist-balanced-test-images-idx3-ubyte.gz": gzipSync(images(1)),
      "gzip/emnist-balanced-test-labels-idx1-ubyte.gz": gzipSync(idx([1], [46])),
    });
    const letters = await openDataset(`emnist-letters:${folder}`);
    expect(letters.classes).toHaveLength(27);
    expect(labels(letters).map((label) => letters.classes[label])).toEqual(["a", "z"]);
    const balanced = await openDataset(`emnist-balanced:${folder}`, { split: "test" });
    expect(balanced.classes).toHaveLength(47);
    expect(balanced.classes[balanced.label(0)]).toBe("t");
    await expect(openDataset(folder)).rejects.toThrow(
      /holds emnist-balanced, emnist-letters; say which one, for example emnist-balanced:/,
    );
    await expect(openDataset(`emnist-mnist:${folder}`)).rejects.toThrow(/not emnist-mnist/);
  });

  test("QMNIST's labels are the first of eight integers", async () => {
    const rows = Buffer.alloc(64);
    rows.writeInt32BE(7, 0);
    rows.writeInt32BE(3, 32);
    const folder = await write({
      "qmnist-train-images-idx3-ubyte": images(2),
      "qmnist-train-labels-idx2-int.gz": gzipSync(idx([2, 8], rows, 12)),
    });
    expect(labels(await openDataset(folder))).toEqual([7, 3]);
  });

  test("KMNIST's classes are kana", async () => {
    const folder = await write({
      "KMNIST/raw/train-images-idx3-ubyte": images(1),
      "KMNIST/raw/train-labels-idx1-ubyte": idx([1], [9]),
    });
    expect((await openMnist(join(folder, "KMNIST"))).classes[9]).toBe("wo");
    expect((await openDataset(`kmnist:${join(folder, "KMNIST")}`)).classes[9]).toBe("wo");
  });
});

describe("any iterable", () => {
  const pixel = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 };
  async function* three(): AsyncGenerator<StreamedSample> {
    for (let i = 0; i < 3; i++) yield { key: String(i), label: i, content: pixel };
  }
  const keys = async (samples: AsyncIterable<StreamedSample>) => {
    const out: string[] = [];
    for await (const { key } of samples) out.push(key);
    return out;
  };
  test("is a stream of one shard, read anew each time where a function gives it", async () => {
    const stream = streamOf(three, { classes: ["a", "b", "c"], length: 3 });
    expect(stream).toMatchObject({ name: "stream", shards: ["stream"], length: 3 });
    expect(await keys(stream.open(0))).toEqual(["0", "1", "2"]);
    expect(await keys(stream.open(0, { skip: 2 }))).toEqual(["2"]);
    expect(await keys(streamOf(three(), { classes: ["a", "b", "c"] }).open(0))).toHaveLength(3);
  });
  test("bad samples are told and left out", async () => {
    const bad: BadRecord[] = [];
    const samples = [
      { key: "a", label: 0, content: pixel },
      { key: "b", label: 5, content: pixel },
      { key: "c", label: 0, content: { ...pixel, width: 2 } },
      { key: "d", label: 0, content: new Uint8Array() },
    ];
    expect(await keys(streamOf(samples, { classes: ["x"] }).open(0, { onBad: (one) => bad.push(one) }))).toEqual(["a"]);
    expect(bad.map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, "label 5 is outside of the 1 classes (0 to 0)"],
      [2, "expected 1 x 2 x 3 bytes of pixels, found 3"],
      [3, "the image is empty"],
    ]);
    await expect(keys(streamOf([7 as unknown as StreamedSample], { classes: [] }).open(0))).rejects.toThrow(
      /expected samples/,
    );
  });
  test("an error in it is the reader's", async () => {
    const broken = async function* (): AsyncGenerator<StreamedSample> {
      yield { key: "a", label: 0, content: pixel };
      throw new Error("the network is gone");
    };
    await expect(keys(streamOf(broken, { classes: ["x"] }).open(0))).rejects.toThrow("the network is gone");
  });
});
