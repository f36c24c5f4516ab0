import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { listSplits, openDataset } from "../datasets/open.ts";
import { encodeImage } from "../image.ts";
import { fixtures, tar, tarFile } from "../shards/testing.ts";
import { temporaryFolders } from "../testing.ts";
import type { Arrangement } from "./catalogue.ts";
import { downloadFiles } from "./download.ts";
import { readMat } from "./mat-file.ts";

const fresh = temporaryFolders("arrange");

/** What the archives become, taken from a folder in place of a server. */
async function get(contents: Readonly<Record<string, Uint8Array>>, arrange: Arrangement, folder: string) {
  const mirror = await fresh();
  const files = [];
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(mirror, name), content);
    files.push({ name, urls: [], md5: createHash("md5").update(content).digest("hex") });
  }
  return downloadFiles("test", { title: "test", page: "", megabytes: 1, files, arrange }, { folder, mirror });
}

describe("arrangements", () => {
  const image = () => encodeImage({ data: new Uint8Array(12), width: 2, height: 2, channels: 3 }, "jpeg");

  test("flowers: MATLAB's lists become a list with names", async () => {
    const labels = await readMat("imagelabels.mat", await readFile(join(fixtures, "imagelabels.mat")));
    expect(labels.get("labels")).toEqual([3, 1, 102, 3, 2]);
    await expect(readMat("x.mat", Buffer.from("no"))).rejects.toThrow(/not a MATLAB file/);
    const jpeg = await image();
    const archive = tar(...[1, 2, 3, 4, 5].map((i) => tarFile(`jpg/image_0000${i}.jpg`, jpeg)));
    const contents = {
      "102flowers.tgz": gzipSync(archive),
      "imagelabels.mat": await readFile(join(fixtures, "imagelabels.mat")),
      "setid.mat": await readFile(join(fixtures, "setid.mat")),
    };
    const folder = await fresh();
    await get(contents, "flowers102", folder);
    expect(await listSplits(folder)).toEqual(["train", "val", "test"]);
    const train = await openDataset(folder, { split: "train" });
    expect(train.classes).toHaveLength(102);
    expect([0, 1].map((i) => train.classes[train.label(i)])).toEqual(["pink primrose", "hard-leaved pocket orchid"]);
    expect([train.label(0), train.label(1)]).toEqual([0, 1]);
    expect(((await train.load(0)) as Uint8Array).length).toBe(jpeg.length);
    const test = await openDataset(folder, { split: "test" });
    expect(test.classes[test.label(0)]).toBe("blackberry lily");
  });

  test("pets, food and textures: the authors' lists become one", async () => {
    const jpeg = await image();
    const pets = await fresh();
    const annotations = tar(
      tarFile("annotations/trainval.txt", "Abyssinian_100 1 1 1\nyorkshire_terrier_7 2 2 25\n"),
      tarFile("annotations/test.txt", "Abyssinian_2 1 1 1\n"),
    );
    const images = tar(
      ...["Abyssinian_100", "yorkshire_terrier_7", "Abyssinian_2"].map((name) => tarFile(`images/${name}.jpg`, jpeg)),
    );
    await get({ "images.tar.gz": gzipSync(images), "annotations.tar.gz": gzipSync(annotations) }, "oxford-pets", pets);
    expect(await openDataset(pets, { split: "train" })).toMatchObject({
      classes: ["Abyssinian", "yorkshire terrier"],
      length: 2,
    });

    const food = await fresh();
    const foods = tar(
      tarFile("food-101/meta/train.txt", "apple_pie/1\nwaffles/2\n"),
      tarFile("food-101/meta/test.txt", "waffles/3\n"),
      ...["apple_pie/1", "waffles/2", "waffles/3"].map((name) => tarFile(`food-101/images/${name}.jpg`, jpeg)),
    );
    await get({ "food-101.tar.gz": gzipSync(foods) }, "food101", food);
    const test = await openDataset(food, { split: "val" }).catch(() => openDataset(food, { split: "test" }));
    expect([test.length, test.classes[test.label(0)]]).toEqual([1, "waffles"]);
    expect(((await test.load(0)) as Uint8Array).length).toBe(jpeg.length);

    const dtd = await fresh();
    const textures = ["train", "val", "test"].map((split, i) =>
      tarFile(`dtd/labels/${split}1.txt`, `banded/b_${i}.jpg\n`),
    );
    await get({ "dtd.tar.gz": gzipSync(tar(...textures, tarFile("dtd/images/banded/b_0.jpg", jpeg))) }, "dtd", dtd);
    expect(await listSplits(dtd)).toEqual(["train", "val", "test"]);
  });

  test("Imagenette's folders get names", async () => {
    const jpeg = await image();
    const folder = await fresh();
    const parts = ["train", "val"].flatMap((split) =>
      ["n01440764", "n03888257"].map((id) => tarFile(`imagenette2/${split}/${id}/a.JPEG`, jpeg)),
    );
    await get({ "imagenette2.tgz": gzipSync(tar(...parts)) }, "wordnet", folder);
    const val = await openDataset(folder, { split: "val" });
    expect(val.classes).toHaveLength(10);
    expect([0, 1].map((i) => val.classes[val.label(i)])).toEqual(["tench", "parachute"]);
  });

  test("an archive without what is needed is told", async () => {
    await expect(get({ "x.tar": tar(tarFile("food-101/readme", "")) }, "food101", await fresh())).rejects.toThrow(
      /expected meta\/train.txt in the archive/,
    );
    await expect(get({ "x.tar": tar(tarFile("a", ""), tarFile("b", "")) }, "food101", await fresh())).rejects.toThrow(
      /expected one folder in the archive, found a, b/,
    );
  });
});
