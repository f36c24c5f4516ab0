// The files are made by scripts/fixtures/cifar_python.py; Python has read them, too.

import { readFileSync } from "node:fs";
import { readFile, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { temporaryFolders, writeFiles } from "../testing.ts";
import { openCifar } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { listSplits, openDataset, openStream, sourceFormat } from "./open.ts";

type Group = "python2" | "binary" | "again" | "refused";
const packed = readFileSync(new URL("../__fixtures__/cifar-python.json.gz", import.meta.url));
const stored = JSON.parse(gunzipSync(packed).toString()) as Record<Group, Record<string, string>>;
const files = (group: Group) =>
  Object.fromEntries(Object.entries(stored[group]).map(([name, text]) => [name, Buffer.from(text, "base64")]));

const newFolder = temporaryFolders("cifar-python");
const written = async (group: Group) => writeFiles(await newFolder(), files(group));

function samples(dataset: Dataset) {
  return Array.from({ length: dataset.length }, (_, i) => {
    const { data, width, height, channels } = dataset.load(i) as RawImage;
    return { label: dataset.label(i), width, height, channels, pixels: Buffer.from(data).toString("hex") };
  });
}

describe("CIFAR's Python version", () => {
  test.for([
    ["cifar10", "cifar-10-batches-py", 10],
    ["cifar100", "cifar-100-python", 3],
  ] as const)("of %s holds what the binary version of the same images holds", async ([kind, name, images]) => {
    const python = await written("python2");
    const binary = await written("binary");
    for (const split of ["train", "test"]) {
      const expected = await openCifar(kind, binary, { split });
      for (const source of [`${kind}:${python}`, `${kind}:${join(python, name)}`, join(python, name)]) {
        const dataset = await openDataset(source, { split });
        expect(samples(dataset)).toEqual(samples(expected));
        expect(dataset.classes).toEqual(expected.classes);
        expect(dataset.name).toBe(join(python, name));
      }
    }
    const train = await openDataset(join(python, name), { split: "train" });
    expect(train.length).toBe(images);
    expect(train.path(1)).toBe(join(python, name, `${kind === "cifar10" ? "data_batch_1" : "train"}#1`));
    // Some pixels of each plane, as the script makes them.
    const { data } = train.load(1) as RawImage;
    const first = kind === "cifar10" ? 11 : 101;
    const pixel = (y: number, x: number) => [0, 1, 2].map((c) => (first * 37 + c * 85 + y * 11 + x * 5) & 255);
    expect([...data.subarray(0, 3)]).toEqual(pixel(0, 0));
    expect([...data.subarray(3 * (32 * 9 + 30), 3 * (32 * 9 + 31))]).toEqual(pixel(9, 30));
  });

  test("is found in a folder and in the folder above it", async () => {
    const root = await written("python2");
    expect(await sourceFormat(root)).toBe("cifar10");
    expect(await sourceFormat(join(root, "cifar-100-python"))).toBe("cifar100");
    expect(await listSplits(root)).toEqual(["train", "test"]);
    await rm(join(root, "cifar-10-batches-py"), { recursive: true });
    expect(await sourceFormat(root)).toBe("cifar100");
    // Files that are called train and test may be anything.
    await unlink(join(root, "cifar-100-python", "meta"));
    expect(await sourceFormat(root)).toBe("folder");
    await expect(openDataset(`cifar100:${root}`)).rejects.toThrow(
      `expected the binary version of cifar100, with test.bin, or its Python version, with test and meta, in ${root}`,
    );
    const stream = await openStream(`cifar10:${await written("python2")}`, { split: "test" });
    const keys: string[] = [];
    for await (const { key } of stream.open(0)) keys.push(key.replace(/.*[/\\]/, ""));
    expect(keys).toEqual(["test_batch#0", "test_batch#1", "test_batch#2"]);
  });

  test("takes its class names from the file of them, from the program, or from the paper", async () => {
    const folder = join(await written("python2"), "cifar-10-batches-py");
    expect((await openDataset(folder)).classes[9]).toBe("truck");
    const names = Array.from("abcdefghij");
    expect((await openDataset(folder, { classes: names })).classes).toEqual(names);
    await writeFile(join(folder, "batches.meta"), files("python2")["cifar-100-python/meta"]!);
    await expect(openDataset(folder)).rejects.toThrow(
      /batches\.meta: expected an entry "label_names", found "fine_label_names", "coarse_label_names"$/,
    );
    await unlink(join(folder, "batches.meta"));
    expect((await openDataset(folder)).classes[9]).toBe("truck");
  });

  test.for(Object.keys(stored.again))("is read where a user wrote it again: %s", async (how) => {
    const folder = join(await written("python2"), "cifar-10-batches-py");
    const expected = samples(await openDataset(folder, { split: "test" }));
    await writeFile(join(folder, "test_batch"), files("again")[how]!);
    expect(samples(await openDataset(folder, { split: "test" }))).toEqual(expected);
  });

  test.for([
    ["columns first", /an array with its columns first \(save numpy\.ascontiguousarray\(data\) instead\) at byte \d+$/],
    ["floats", /expected a CIFAR batch, found an array of f4 at byte \d+$/],
    ["whole images", /expected "data" to be an array \[images, 3072\] of u1, found an array \[1, 3, 32, 32\] of u1$/],
    ["labels one by one", /found a pickle that calls numpy\._core\.multiarray\.scalar at byte \d+$/],
    ["text of Python 2", /expected a CIFAR batch, found no pickle of protocol 2 to 5 at byte 0$/],
    ["a set", /found an instruction that no data need, 0x8f, at byte \d+$/],
    ["a class", /found a pickle that calls _io\.BytesIO at byte \d+$/],
    ["a call", /expected a CIFAR batch, found a pickle that calls builtins\.print at byte 39$/],
    ["a call, protocol 2", /expected a CIFAR batch, found a pickle that calls __builtin__\.print at byte 16$/],
  ] as const)("is refused, by its path, where it holds %s", async ([what, message]) => {
    const folder = join(await written("python2"), "cifar-10-batches-py");
    await writeFile(join(folder, "test_batch"), files("refused")[what]!);
    const opened = openDataset(folder, { split: "test" });
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toMatchObject({ name: "VitrineError", where: join(folder, "test_batch") });
  });

  test("says what is wrong with its entries", async () => {
    const folder = join(await written("python2"), "cifar-10-batches-py");
    const file = join(folder, "test_batch");
    const good = await readFile(file);
    const labels = good.indexOf("K\x03K\x08K\x08e");
    const opened = async (bytes: Uint8Array) => {
      await writeFile(file, bytes);
      return openDataset(folder, { split: "test" });
    };
    const changed = (from: string, to: string) => Buffer.from(good.toString("latin1").replace(from, to), "latin1");
    await expect(opened(changed("K\x03K\x08K\x08e", "K\x03K\x08K\x0be"))).rejects.toThrow(
      "test_batch: expected labels from 0 to 9, found 11 in row 2",
    );
    await expect(opened(changed("K\x03K\x08K\x08e", "K\x03K\x08J\xff\xff\xff\xffe"))).rejects.toThrow(
      "expected labels from 0 to 9, found -1 in row 2",
    );
    await expect(opened(changed("K\x03K\x08K\x08e", "K\x03K\x08e"))).rejects.toThrow(
      'expected "labels" to be a list of 3 integers, found a list of 2',
    );
    await expect(opened(changed("K\x03K\x08K\x08e", "K\x03K\x08\x88e"))).rejects.toThrow("to be a list of 3 integers");
    await expect(opened(changed("U\x06labels", "U\x06babels"))).rejects.toThrow(
      'expected an entry "labels", found "data", "babels", "batch_label", "filenames"',
    );
    await expect(opened(changed("M\x00\x0c", "M\x00\x0b"))).rejects.toThrow(
      /expected a CIFAR batch, found an array \[3, 2816\] of u1 with 9216 bytes, not 8448, at byte \d+$/,
    );
    await expect(opened(good.subarray(0, labels))).rejects.toThrow(
      `test_batch: truncated: expected 1 bytes from byte ${labels} on, found 0; download it again`,
    );
    await expect(opened(Buffer.from("\x80\x02].", "latin1"))).rejects.toThrow(
      "expected a CIFAR batch, a dictionary, found a list of 0",
    );
    await unlink(join(folder, "data_batch_4"));
    await expect(openDataset(folder)).rejects.toThrow("data_batch_4: expected a CIFAR file, found nothing");
  });
});
