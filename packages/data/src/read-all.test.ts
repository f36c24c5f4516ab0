import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkData } from "./check/check.ts";
import { openFolder } from "./datasets/folder.ts";
import { decodeImage, encodeImage } from "./image.ts";
import { readAll } from "./read-all.ts";
import { dataStats } from "./stats.ts";
import { temporaryFolders } from "./testing.ts";

const newFolder = temporaryFolders("read-all");

test("reads each once, a few at a time, and what failed once more, alone and in order", async () => {
  const calls: number[] = [];
  const progress: number[] = [];
  let [running, most, mostAgain] = [0, 0, 0];
  const read = async (i: number) => {
    const again = calls.includes(i);
    calls.push(i);
    running++;
    most = Math.max(most, running);
    if (again) mostAgain = Math.max(mostAgain, running);
    await new Promise((resolve) => setTimeout(resolve, i % 3));
    running--;
    return i % 4 !== 1;
  };
  await readAll(14, read, (done, total) => progress.push(done, total));
  expect([...calls.slice(0, 14)].sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, i) => i));
  expect(calls.slice(14)).toEqual([1, 5, 9, 13]);
  expect([most, mostAgain]).toEqual([4, 1]);
  expect(progress).toEqual(Array.from({ length: 14 }, (_, i) => [i + 1, 14]).flat());
});

test("statistics and check give each damaged image its own reason", async () => {
  const root = await newFolder();
  const size = 48;
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * i * 31) & 255);
  const image = { data, width: size, height: size, channels: 3 };
  for (const folder of ["a", "b"]) await mkdir(join(root, folder));
  for (let i = 0; i < 60; i++) {
    const format = (["png", "gif", "webp"] as const)[i % 3]!;
    const bytes = await encodeImage(image, format);
    const broken = i % 6 === 0 ? bytes : bytes.subarray(0, Math.floor(bytes.length * (0.3 + 0.01 * (i % 20))));
    await writeFile(join(root, i % 2 === 0 ? "a" : "b", `${i}.${format}`), broken);
  }
  const dataset = await openFolder(root);
  const alone = new Map<string, string>();
  for (let i = 0; i < dataset.length; i++) {
    const path = dataset.path(i);
    await decodeImage(path).catch((error: Error) => alone.set(path, error.message.slice(path.length + 2)));
  }
  expect(new Set([...alone.values()].map((reason) => reason.split("): ")[1])).size).toBeGreaterThan(2);
  const told: string[] = [];
  const { bad, count } = await dataStats(dataset, { onBad: ({ path }) => told.push(path) });
  expect(new Map(bad.map(({ path, reason }) => [path, reason]))).toEqual(alone);
  expect(told).toEqual([...alone.keys()]);
  expect(count).toBe(60 - alone.size);
  const { issues } = await checkData(root, { near: false });
  const damage = issues.filter(({ kind }) => kind === "damaged" || kind === "truncated");
  // Where a header is damaged already, the number of bytes is not said.
  const short = (reason: string) => reason.replace(/ \([\d,]+ bytes\)/, "");
  expect(new Map(damage.map(({ paths, detail }) => [paths[0], short(detail)]))).toEqual(
    new Map([...alone].map(([path, reason]) => [path, short(reason)])),
  );
});
