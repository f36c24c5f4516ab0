import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { arrayDataset } from "./arrays.ts";
import { openCifar } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { openFiles } from "./files.ts";
import { openFolder } from "./folder.ts";
import { openMnist } from "./mnist.ts";
import { sortNaturally } from "./natural-sort.ts";
import { listSplits, openDataset } from "./open.ts";
import { assertSameClasses } from "./splits.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-datasets-"));
});
afterAll(() => rm(root, { recursive: true }));

/** Empty files: opening a folder does not read images. */
async function tree(name: string, files: readonly string[]): Promise<string> {
  for (const file of files) {
    await mkdir(dirname(join(root, name, file)), { recursive: true });
    await writeFile(join(root, name, file), "");
  }
  return join(root, name);
}

function listed(dataset: Dataset): string[] {
  return Array.from(
    { length: dataset.length },
    (_, i) => `${dataset.path(i).slice(root.length + 1)}=${dataset.label(i)}`,
  );
}

describe("sortNaturally", () => {
  test("puts numbers in their order and ignores capitals", () => {
    expect(sortNaturally(["img10", "img2", "Img1", "img02", "b", "A"], (x) => x)).toEqual([
      "A",
      "b",
      "Img1",
      "img02",
      "img2",
      "img10",
    ]);
  });
  test("gives one order whatever the order of the input", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 8 })), (names) => {
        const sorted = sortNaturally(names, (x) => x);
        expect(sortNaturally(names.toReversed(), (x) => x)).toEqual(sorted);
      }),
    );
  });
});

describe("image folders", () => {
  test("take the class from the folder that holds the file, in natural order", async () => {
    const path = await tree("plain", [
      "b/2.png",
      "b/10.JPG",
      "a/x/1.webp",
      "class10/i.gif",
      "class9/i.tiff",
      "b/note.txt",
      "loose.png",
      "b/.h.png",
    ]);
    const dataset = await openFolder(path);
    expect(dataset.classes).toEqual(["b", "class9", "class10", "x"]);
    expect(listed(dataset)).toEqual([
      "plain/a/x/1.webp=3",
      "plain/b/2.png=0",
      "plain/b/10.JPG=0",
      "plain/class9/i.tiff=1",
      "plain/class10/i.gif=2",
    ]);
    expect((await openFolder(path, { classFrom: "top" })).classes).toEqual(["a", "b", "class9", "class10"]);
    expect((await openFolder(path, { extensions: ["png", ".WEBP"] })).length).toBe(2);
  });

  test("follow links, and leave a circle of links", async () => {
    const path = await tree("links", ["a/1.png", "b/1.png"]);
    await symlink(join(path, "a"), join(path, "c"));
    await symlink(path, join(path, "b", "again"));
    const { classes, length } = await openFolder(path, { classFrom: "top" });
    expect(classes).toEqual(["a", "b", "c"]);
    expect(length).toBe(3);
  });

  test("find splits by any of their names", async () => {
    const path = await tree("splits", [
      "Training/a/1.png",
      "Training/b/1.png",
      "validation/a/2.png",
      "validation/b/2.png",
      "test/a/3.png",
      "test/b/3.png",
    ]);
    expect(await listSplits(path)).toEqual(["train", "val", "test"]);
    expect(listed(await openDataset(path, { split: "train" }))).toEqual([
      "splits/Training/a/1.png=0",
      "splits/Training/b/1.png=1",
    ]);
    expect(listed(await openDataset(path, { split: "eval" }))).toEqual([
      "splits/validation/a/2.png=0",
      "splits/validation/b/2.png=1",
    ]);
    await expect(openDataset(path)).rejects.toThrow("holds the splits train, val, test; say which one");
    await expect(openDataset(path, { split: "fold1" })).rejects.toThrow(
      /expected a folder "fold1" in .*, found train, val, test/,
    );
    await rm(join(path, "validation"), { recursive: true });
    await expect(openDataset(path, { split: "val" })).rejects.toThrow(
      /expected a folder val \(val, valid, .*found train, test; `vitrine data split`/,
    );
  });

  test("without split folders are the data set of every split", async () => {
    const path = await tree("whole", ["a/1.png", "b/1.png"]);
    expect(await listSplits(path)).toEqual([]);
    expect((await openDataset(path, { split: "val" })).length).toBe(2);
  });

  test("keep the order of given classes and refuse others", async () => {
    const path = await tree("given", ["cat/1.png", "dog/1.png"]);
    const dataset = await openFolder(path, { classes: ["dog", "bird", "cat"] });
    expect(listed(dataset)).toEqual(["given/cat/1.png=2", "given/dog/1.png=0"]);
    await expect(openFolder(path, { classes: ["cat", "dot"] })).rejects.toThrow(
      '1 of 2 class folders that are not among the 2 known classes: "dog" (did you mean "dot"?); known are "cat", "dot"',
    );
  });

  test("refuse what holds no data set", async () => {
    await expect(openDataset(join(root, "nowhere"))).rejects.toThrow(/expected a folder at .*nowhere, found nothing/);
    const empty = join(root, "empty");
    await mkdir(empty);
    await expect(openDataset(empty)).rejects.toThrow(
      /Found 0 images in subfolders of .*empty\. Supported image extensions are \.png, \.jpg/,
    );
    const other = await tree("bmp", ["a/1.bmp", "b/2.bmp", "b/c.txt"]);
    await expect(openDataset(other)).rejects.toThrow('There are 2 files with ending ".bmp"');
    await expect(openDataset(await tree("loose", ["1.png"]))).rejects.toThrow("1 images lie in loose itself");
    await expect(openDataset(await tree("one", ["a/1.png", "a/2.png"]))).rejects.toThrow(
      /found one class only in .*one: "a" \(2 images\)/,
    );
    await expect(openDataset(join(root, "one", "a", "1.png"))).rejects.toThrow("found a file");
  });

  test("compare classes by name and order", async () => {
    const a = await openFolder(await tree("ca", ["cat/1.png", "dog/1.png", "eel/1.png"]));
    const b = await openFolder(await tree("cb", ["cat/1.png", "fox/1.png"]));
    assertSameClasses(a, a);
    expect(() => assertSameClasses(a, b)).toThrow(
      /classes differ between .*ca \(3\) and .*cb \(2\): only in .*ca: "dog", "eel"; only in .*cb: "fox"/,
    );
    const turned = { ...a, classes: a.classes.toReversed() };
    expect(() => assertSameClasses(a, turned)).toThrow("the same names in another order");
  });
});

describe("MNIST", () => {
  const header = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
    return bytes;
  };
  const images = Buffer.concat([header(2051, 3, 2, 2), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])]);
  const labels = Buffer.concat([header(2049, 3), Buffer.from([7, 0, 9])]);

  async function write(name: string, files: Record<string, Buffer>): Promise<string> {
    await mkdir(join(root, name), { recursive: true });
    for (const [file, bytes] of Object.entries(files)) await writeFile(join(root, name, file), bytes);
    return join(root, name);
  }

  test.for([
    ["plain", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", false],
    ["gzipped", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", true],
    ["with dots", "train-images.idx3-ubyte", "train-labels.idx1-ubyte", false],
  ] as const)("reads files that are %s", async ([, imageFile, labelFile, zipped], { task }) => {
    const wrap = (bytes: Buffer) => (zipped ? gzipSync(bytes) : bytes);
    const path = await write(`mnist ${task.name}`, { [imageFile]: wrap(images), [labelFile]: wrap(labels) });
    const dataset = await openDataset(path, { split: "train" });
    expect([dataset.length, dataset.classes.length, dataset.label(2), dataset.classes[7]]).toEqual([3, 10, 9, "7"]);
    expect(dataset.path(1)).toBe(`${join(path, imageFile)}#1`);
    const image = dataset.load(1) as RawImage;
    expect({ ...image, data: Array.from(image.data) }).toEqual({
      data: [5, 6, 7, 8],
      width: 2,
      height: 2,
      channels: 1,
    });
  });

  test("takes the t10k files for val and test, and finds torchvision's folders", async () => {
    const files = { "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels };
    const path = await write("tv/MNIST/raw", files);
    expect(await listSplits(join(root, "tv"))).toEqual(["train", "test"]);
    for (const split of ["val", "test"]) expect((await openDataset(join(root, "tv"), { split })).length).toBe(3);
    await expect(openDataset(join(root, "tv"))).rejects.toThrow(`expected train-images-idx3-ubyte(.gz) in ${path}`);
  });

  test("names the classes of Fashion-MNIST", async () => {
    const path = await write("clothes", { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels });
    expect((await openDataset(`fashion-mnist:${path}`)).classes[9]).toBe("Ankle boot");
    expect((await openDataset(`mnist:${path}`)).classes[9]).toBe("9");
  });

  test("says how many bytes are missing", async () => {
    const good = { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels };
    const open = async (name: string, files: Record<string, Buffer>) =>
      openMnist(await write(name, { ...good, ...files }));
    await expect(open("m1", { "train-images-idx3-ubyte": images.subarray(0, 20) })).rejects.toThrow(
      /train-images-idx3-ubyte: truncated IDX file: expected 28 bytes for 3 x 2 x 2, found 20/,
    );
    await expect(open("m2", { "train-images-idx3-ubyte": images.subarray(0, 9) })).rejects.toThrow(
      "expected 16 bytes, found 9",
    );
    await expect(open("m3", { "train-images-idx3-ubyte": Buffer.from("GIF89a") })).rejects.toThrow(
      "expected magic 2051, found 1195984440",
    );
    await expect(open("m4", { "train-images-idx3-ubyte": Buffer.alloc(0) })).rejects.toThrow(
      "expected magic 2051, found 0 bytes",
    );
    const fewer = Buffer.concat([header(2049, 2), Buffer.from([1, 2])]);
    await expect(open("m5", { "train-labels-idx1-ubyte": fewer })).rejects.toThrow(
      "expected 3 labels, one for each image",
    );
    const huge = Buffer.concat([header(2051, 2 ** 32 - 1, 2 ** 31, 2 ** 31), Buffer.alloc(8)]);
    await expect(open("m6", { "train-images-idx3-ubyte": huge })).rejects.toThrow("truncated IDX file");
    await rm(join(root, "m6"), { recursive: true });
    const cut = gzipSync(images).subarray(0, 20);
    await expect(
      openMnist(await write("m7", { "train-images-idx3-ubyte.gz": cut, "train-labels-idx1-ubyte": labels })),
    ).rejects.toThrow("damaged gzip file (20 bytes)");
  });
});

describe("CIFAR", () => {
  /** A row whose planes are 1, 2, 3 plus the row's number. */
  const row = (n: number, ...labels: number[]) =>
    Buffer.concat([Buffer.from(labels), ...[1, 2, 3].map((plane) => Buffer.alloc(1024, plane + 10 * n))]);

  test("reads the five files of CIFAR-10 as one set", async () => {
    const folder = join(root, "c10", "cifar-10-batches-bin");
    await mkdir(folder, { recursive: true });
    for (let n = 1; n <= 5; n++)
      await writeFile(join(folder, `data_batch_${n}.bin`), Buffer.concat([row(n, n), row(n + 5, 9)]));
    await writeFile(join(folder, "test_batch.bin"), row(0, 4));
    const train = await openDataset(join(root, "c10"), { split: "train" });
    expect([train.length, train.label(2), train.label(3), train.classes[9]]).toEqual([10, 2, 9, "truck"]);
    expect(train.path(3)).toBe(`${join(folder, "data_batch_2.bin")}#1`);
    const image = train.load(3) as RawImage;
    expect([image.width, image.height, ...image.data.subarray(0, 6)]).toEqual([32, 32, 71, 72, 73, 71, 72, 73]);
    await writeFile(
      join(folder, "batches.meta.txt"),
      `${Array.from({ length: 10 }, (_, i) => `c${i}`).join("\n")}\n\n`,
    );
    expect((await openDataset(`cifar10:${folder}`, { split: "val" })).classes[4]).toBe("c4");

    await cp(folder, join(root, "c10b"), { recursive: true });
    await writeFile(join(root, "c10b", "data_batch_3.bin"), row(1, 1).subarray(0, 3000));
    await expect(openCifar("cifar10", join(root, "c10b"))).rejects.toThrow(
      /data_batch_3\.bin: truncated CIFAR file: expected a multiple of 3073 bytes .* found 3000/,
    );
    await writeFile(join(root, "c10b", "data_batch_3.bin"), Buffer.concat([row(1, 1), row(1, 77)]));
    await expect(openCifar("cifar10", join(root, "c10b"))).rejects.toThrow(
      "expected labels from 0 to 9, found 77 in row 1",
    );
    await rm(join(root, "c10b", "data_batch_3.bin"));
    await expect(openCifar("cifar10", join(root, "c10b"))).rejects.toThrow(
      "data_batch_3.bin: expected a CIFAR file, found nothing",
    );
  });

  test("takes the fine label of CIFAR-100", async () => {
    const folder = join(root, "c100");
    await mkdir(folder);
    await writeFile(join(folder, "train.bin"), row(0, 5, 99));
    await writeFile(join(folder, "test.bin"), row(0, 5, 42));
    const names = Array.from({ length: 100 }, (_, i) => `fine ${i}`);
    await writeFile(join(folder, "fine_label_names.txt"), names.join("\r\n"));
    const dataset = await openDataset(`cifar100:${folder}`, { split: "test" });
    expect([dataset.label(0), dataset.classes[42]]).toEqual([42, "fine 42"]);
  });
});

describe("openDataset", () => {
  test("knows its formats by name", async () => {
    await expect(openDataset("minst:/data")).rejects.toThrow('unknown format "minst" (did you mean "mnist:/data"?)');
    await expect(openDataset("mnist:/nowhere/at/all")).rejects.toThrow(
      "expected a folder at /nowhere/at/all, found nothing",
    );
    const path = await tree("forced", ["a/1.png", "b/1.png"]);
    expect((await openDataset(`folder:${path}`)).length).toBe(2);
    await expect(openDataset(`cifar10:${path}`)).rejects.toThrow(
      "expected the binary version of cifar10, with test_batch.bin, or its Python version, with test_batch, in",
    );
  });
});

test("openFiles takes files as they come and folders in natural order", async () => {
  const path = await tree("files", ["10.png", "2.png", "sub/x.jpg", "note.txt"]);
  const dataset = await openFiles([join(path, "note.txt"), path]);
  expect(listed(dataset)).toEqual(["files/note.txt=-1", "files/2.png=-1", "files/10.png=-1", "files/sub/x.jpg=-1"]);
  await expect(openFiles([join(path, "none.png")])).rejects.toThrow("found nothing");
  await expect(openFiles([])).rejects.toThrow("Found 0 images in an empty list");
});

test("arrayDataset checks sizes and labels", () => {
  const images = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const shape = { width: 2, height: 2, channels: 1, classes: ["a", "b"] };
  const dataset = arrayDataset({ images, labels: [0, 1], ...shape });
  expect((dataset.load(1) as RawImage).data).toEqual(Uint8Array.from([5, 6, 7, 8]));
  expect(() => arrayDataset({ images, labels: [0], ...shape })).toThrow(
    "expected 1 x 2 x 2 x 1 = 4 bytes of pixels, found 8",
  );
  expect(() => arrayDataset({ images, labels: [0, 2], ...shape })).toThrow(
    "expected labels from 0 to 1, found 2 for image 1",
  );
});
