// `vitrine data preview`, by the built command.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { imageInfo } from "@vitrine/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folderOfPhotos, jsonLines, small, vitrine } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await folderOfPhotos(8);
});
afterAll(() => rm(folder, { recursive: true }));

test("shows what the trainer sees, and says what was done", async () => {
  // The options of a training run, of which some do not change images.
  const options = [
    "data",
    ...small,
    "-b",
    "6",
    "--mixup",
    "1",
    "--cutmix",
    "1",
    "--mixup-mode",
    "elem",
    "--reprob",
    "0.9",
  ];
  const { code, stdout } = await run("data", "preview", ...options, "--batches", "2", "--json", "-o", "out/look");
  expect(code).toBe(0);
  const images = jsonLines<{ batch: number; targets: { weight: number }[]; done: string[] }>(stdout).slice(0, -1);
  expect(images.map(({ batch }) => batch)).toEqual([...new Array(6).fill(0), ...new Array(6).fill(1)]);
  for (const { targets } of images) {
    const sum = targets.reduce((total, { weight }) => total + weight, 0);
    // What smoothing gives to the classes that are left out.
    expect(sum + (3 - targets.length) * (0.1 / 3)).toBeCloseTo(1, 5);
  }
  const done = images.flatMap((one) => one.done.map((words) => words.split(" ")[0]));
  expect(new Set(done)).toEqual(new Set(["mixup", "cutmix", "erased"]));
  expect(jsonLines(stdout).at(-1)).toEqual({
    ...{ type: "preview", png: "out/look.png", html: "out/look.html", images: 12 },
  });
  expect(await imageInfo(join(folder, "out/look.png"))).toMatchObject({ format: "png", width: 8 + 4 * (112 + 8) });
  const page = await readFile(join(folder, "out/look.html"), "utf8");
  expect(page.match(/<img src="data:image\/png/g)).toHaveLength(12);
  const again = await run("data", "preview", ...options, "--start", "1", "--workers", "0", "--json", "-o", "again");
  // The second batch alone, without workers: the same draws and the same bytes.
  expect(jsonLines(again.stdout).slice(0, -1)).toEqual(images.slice(6));
  const pixels = (text: string) => text.match(/src="data:image\/png;base64,[^"]+/g)!;
  expect(pixels(await readFile(join(folder, "again.html"), "utf8"))).toEqual(pixels(page).slice(6));
});

test("shows the images of a sample side by side", async () => {
  const options = [...small.filter((word) => word !== "--no-aug"), "-b", "2", "--aa", "augmix-m5-w2-d2"];
  const splits = ["--aug-splits", "3", "--jsd-loss", "--reprob", "1", "--resplit", "-o", "splits"];
  const { code, stdout } = await run("data", "preview", "data", ...options, ...splits, "--json");
  expect(code).toBe(0);
  const images = jsonLines<{ slot: number; split: number; name: string; done: string[] }>(stdout).slice(0, -1);
  expect(images.map(({ slot, split }) => [slot, split])).toEqual([0, 2, 4, 1, 3, 5].map((slot, i) => [slot, i % 3]));
  const names = images.map(({ name }) => name);
  expect(names).toEqual([names[0], names[0], names[0], names[3], names[3], names[3]]);
  expect(images.map(({ done }) => done.length)).toEqual([0, 1, 1, 0, 1, 1]);
  expect(await imageInfo(join(folder, "splits.png"))).toMatchObject({ width: 8 + 3 * (112 + 8) });
  const page = await readFile(join(folder, "splits.html"), "utf8");
  expect(page.match(/<span>(clean|split [12]; erased)/g)).toHaveLength(6);
});

test("says where nothing tells the images of a sample apart", async () => {
  const options = [...small.filter((word) => word !== "--no-aug"), "-b", "2", "--aug-splits", "2", "-o", "alike"];
  const { code, stderr } = await run("data", "preview", "data", ...options, "--color-jitter", "0");
  expect(code).toBe(0);
  expect(stderr).toContain("--aug-splits: without --aa or colour jitter");
});

test("says how many batches there are", async () => {
  const { code, stderr } = await run("data", "preview", "data", ...small, "-b", "6", "--start", "3");
  expect(code).toBe(2);
  expect(stderr).toContain("go beyond the 3 batches of an epoch");
});
