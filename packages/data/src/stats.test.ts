import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arrayDataset } from "./datasets/arrays.ts";
import { openFolder } from "./datasets/folder.ts";
import { writeImage } from "./image.ts";
import type { RawImage } from "./raw-image.ts";
import { dataStats } from "./stats.ts";

test("counts pixels once in mean, and images once in imageMean", async () => {
  const root = await mkdtemp(join(tmpdir(), "vitrine-stats-"));
  const flat = (width: number, height: number, color: number[]): RawImage => {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => color[i % 3]!);
    return { data, width, height, channels: 3 };
  };
  for (const folder of ["a", "b"]) await mkdir(join(root, folder));
  await writeImage(flat(3, 2, [0, 51, 255]), join(root, "a", "1.png"));
  await writeImage(flat(3, 2, [0, 51, 255]), join(root, "a", "2.png"));
  await writeImage(flat(6, 4, [255, 102, 255]), join(root, "b", "1.png"));
  await writeFile(join(root, "b", "2.png"), "no picture");
  const calls: number[][] = [];
  const stats = await dataStats(await openFolder(root), { onProgress: (done, total) => calls.push([done, total]) });
  await rm(root, { recursive: true });

  expect(calls).toEqual([
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
  ]);
  expect([stats.count, stats.bad.length, stats.bad[0]!.index]).toEqual([3, 1, 3]);
  expect(stats.bad[0]!.reason).toMatch(/^not an image/);
  // 12 pixels of the first colour, 24 of the second.
  expect(stats.mean).toEqual([2 / 3, (12 * 0.2 + 24 * 0.4) / 36, 1].map((value) => expect.closeTo(value, 10)));
  expect(stats.std).toEqual([Math.SQRT2 / 3, (0.2 * Math.SQRT2) / 3, 0].map((value) => expect.closeTo(value, 10)));
  expect(stats.imageMean).toEqual([1 / 3, (0.2 + 0.2 + 0.4) / 3, 1].map((value) => expect.closeTo(value, 10)));
  expect(stats.imageStd).toEqual([0, 0, 0].map((value) => expect.closeTo(value, 10)));
  expect(stats.classes).toEqual([
    { name: "a", count: 2 },
    { name: "b", count: 1 },
  ]);
  expect(stats.sizes).toEqual([
    { width: 3, height: 2, count: 2 },
    { width: 6, height: 4, count: 1 },
  ]);
});

test("agrees with the definition on pixels in memory, grey by default", async () => {
  const images = Uint8Array.from({ length: 5 * 12 }, (_, i) => (i * i * 7) % 256);
  const dataset = arrayDataset({ images, width: 4, height: 3, labels: [0, 1, 1, 0, 1], classes: ["x", "y"] });
  const { mean, std, imageStd, channels, classes } = await dataStats(dataset);
  const deviation = (values: number[]) => {
    const center = values.reduce((a, b) => a + b, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length);
  };
  const values = Array.from(images, (value) => value / 255);
  expect(channels).toBe(1);
  expect(mean).toEqual([expect.closeTo(values.reduce((a, b) => a + b, 0) / 60, 10)]);
  expect(std).toEqual([expect.closeTo(deviation(values), 10)]);
  const own = [0, 1, 2, 3, 4].map((i) => deviation(values.slice(i * 12, i * 12 + 12)));
  expect(imageStd).toEqual([expect.closeTo(own.reduce((a, b) => a + b, 0) / 5, 10)]);
  expect(classes.map(({ count }) => count)).toEqual([2, 3]);
  expect((await dataStats(dataset, { channels: 3 })).mean).toEqual([mean[0], mean[0], mean[0]]);
});
