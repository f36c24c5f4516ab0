// JPEGs on their way through the loader: plain ones, those that are left to sharp, and damaged ones.

import { describe, expect, test } from "vitest";
import { openFolder } from "../datasets/folder.ts";
import { decodeImage } from "../image.ts";
import { fixture } from "../jpeg/testing.ts";
import { evalTransform, trainTransform } from "../presets.ts";
import { temporaryFolders, writeFiles } from "../testing.ts";
import { applyTransform } from "../transforms/transform.ts";
import { createLoader } from "./loader.ts";

const folders = temporaryFolders("jpegs");

const good = ["420-66x45", "422-49x34", "grey-49x34", "orientation-6", "progressive", "440", "rgb"];

async function folderOf(files: Record<string, Uint8Array>) {
  return openFolder(await writeFiles(await folders(), files), { classes: ["a"] });
}

test("parts of files are those of the whole images", async () => {
  const files = Object.fromEntries(good.map((name, i) => [`a/${i}.jpg`, fixture(name)]));
  const dataset = await folderOf(files);
  for (const transform of [
    trainTransform({ size: 16, scale: [0.08, 0.5], autoAugment: "rand-m9-mstd0.5" }),
    trainTransform({ size: 16, trainCropMode: "rkrc" }),
    evalTransform({ size: 16 }),
  ]) {
    const loader = createLoader(dataset, { batchSize: good.length, transform, seed: 5, workers: 0 });
    for await (const { images } of loader.epoch(2)) {
      for (const [i, name] of good.entries()) {
        const whole = await decodeImage(fixture(name));
        const { data } = applyTransform(whole, transform, { seed: 5, epoch: 2, sample: i });
        expect(images.slice(i * data.length, (i + 1) * data.length), name).toEqual(data);
      }
    }
    await loader.close();
  }
});

describe("damaged files", () => {
  test.for([0, 1])("are listed with their paths, %s workers", async (workers) => {
    const photo = fixture("photo");
    const cut = photo.slice(0, 4000);
    // With an end, sharp takes it for whole: it fills what is missing.
    const ended = Uint8Array.from([...cut, 0xff, 0xd9]);
    const dataset = await folderOf({
      "a/0.jpg": photo,
      "a/1.jpg": cut,
      "a/2.jpg": photo.slice(0, 9),
      "a/3.jpg": ended,
    });
    const loader = createLoader(dataset, {
      batchSize: 4,
      transform: evalTransform({ size: 16 }),
      workers,
      maxBadFraction: 1,
    });
    for await (const { indices } of loader.epoch(0)) expect([...indices]).toEqual([0, 3]);
    const bad = [...loader.bad].sort((a, b) => a.index - b.index);
    expect(bad.map(({ path }) => path)).toEqual([dataset.path(1), dataset.path(2)]);
    expect(bad[0]!.reason).toMatch(/^truncated image \(4,000 bytes\): /);
    expect(bad[1]!.reason).toMatch(/^(truncated|damaged) image \(9 bytes\): /);
    await loader.close();
  });
});
