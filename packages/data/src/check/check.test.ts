import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "@vitrine/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeImage } from "../image.ts";
import type { RawImage } from "../raw-image.ts";
import { resample } from "../transforms/resample.ts";
import { type CheckReport, checkData } from "./check.ts";
import type { IssueKind } from "./issues.ts";

let root: string;
let report: CheckReport;
const at = (...parts: string[]) => join(root, ...parts);

/** A picture of a few smooth blobs, different for each name. */
function picture(name: string, width = 64, height = 48): RawImage {
  const rng = Rng.of(name);
  const blobs = Array.from({ length: 6 }, () => ({
    ...{ x: rng.uniform(), y: rng.uniform(), r: 0.1 + 0.3 * rng.uniform() },
    colour: [rng.int(256), rng.int(256), rng.int(256)],
  }));
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let [sum, weight] = [20, 0.2];
        for (const blob of blobs) {
          const w = Math.exp(-((x / width - blob.x) ** 2 + (y / height - blob.y) ** 2) / blob.r ** 2);
          sum += w * blob.colour[c]!;
          weight += w;
        }
        data[(y * width + x) * 3 + c] = sum / weight;
      }
  return { data, width, height, channels: 3 };
}

async function put(name: string, file: string, width?: number, height?: number): Promise<void> {
  await mkdir(join(at(file), ".."), { recursive: true });
  await writeImage(picture(name, width, height), at(file));
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-check-"));
  for (const label of ["cat", "dog"]) {
    for (let i = 0; i < (label === "cat" ? 40 : 3); i++) await put(`train ${label} ${i}`, `train/${label}/${i}.png`);
    for (let i = 0; i < 3; i++) await put(`val ${label} ${i}`, `val/${label}/${i}.jpg`);
  }
  // Files that hold nothing, nothing useful, or half of it.
  await writeFile(at("train/cat/empty.png"), "");
  await writeFile(at("train/cat/text.jpg"), "<html><body>404</body></html>");
  const jpeg = await readFile(at("val/cat/0.jpg"));
  await writeFile(at("train/cat/half.jpg"), jpeg.subarray(0, Math.floor(jpeg.length * 0.8)));
  const png = await readFile(at("train/cat/0.png"));
  await writeFile(at("train/cat/half.png"), png.subarray(0, png.length >> 1));
  await writeFile(
    at("train/cat/noise.png"),
    Buffer.concat([png.subarray(0, 40), Buffer.from(Rng.of(1).permutation(500))]),
  );
  // A PNG of 1 x 1 pixels whose header says 60,000 x 60,000.
  const bomb = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const { crc32 } = await import("node:zlib");
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  await writeFile(at("train/cat/bomb.png"), bomb);
  await symlink(at("nowhere.png"), at("train/cat/gone.png"));
  // Copies and look-alikes.
  await copyFile(at("train/cat/1.png"), at("train/cat/copy of 1.png"));
  await copyFile(at("train/cat/2.png"), at("train/dog/a cat.png"));
  await copyFile(at("train/cat/3.png"), at("val/cat/leak.png"));
  const smaller = resample(picture("train cat 4", 64, 48), 40, 30, "bilinear");
  await writeFile(
    at("train/cat/small 4.jpg"),
    await sharp(smaller.data, { raw: { width: 40, height: 30, channels: 3 } })
      .jpeg({ quality: 70 })
      .toBuffer(),
  );
  await writeImage(picture("train dog 0", 90, 70), at("val/dog/like 0.jpg"));
  // Names, sizes, turns.
  await copyFile(at("train/cat/5.png"), at("train/dog/really.png"));
  await writeFile(
    at("train/dog/really.png"),
    await sharp(await readFile(at("train/dog/0.png")))
      .flop()
      .jpeg()
      .toBuffer(),
  );
  await put("tiny", "train/dog/tiny.png", 6, 9);
  await writeFile(
    at("train/dog/turned.jpg"),
    await sharp(picture("turned").data, { raw: { width: 64, height: 48, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer(),
  );
  // Folders.
  await mkdir(at("train/owl"));
  await put("fox", "val/fox/0.png");
  await writeFile(at("train/notes.txt"), "…");
  await put("loose", "train/loose.png");
  report = await checkData(root, {
    hugePixels: 64 * 48 + 1,
    onProgress: (done, total) => progress.push([done, total]),
  });
});
afterAll(() => rm(root, { recursive: true }));
const progress: number[][] = [];

/** Paths below the root of the findings of a kind. */
const found = (kind: IssueKind) =>
  report.issues.filter((issue) => issue.kind === kind).map(({ paths }) => paths.map((path) => relative(root, path)));

describe("a folder with everything wrong", () => {
  test.each([
    ["empty", [["train/cat/empty.png"]]],
    ["unreadable", [["train/cat/gone.png"]]],
    ["not-an-image", [["train/cat/text.jpg"]]],
    ["truncated", [["train/cat/half.jpg"], ["train/cat/half.png"]]],
    ["damaged", [["train/cat/noise.png"]]],
    ["too-large", [["train/cat/bomb.png"]]],
    ["duplicate", [["train/cat/1.png", "train/cat/copy of 1.png"]]],
    ["conflict", [["train/cat/2.png", "train/dog/a cat.png"]]],
    ["leak", [["train/cat/3.png", "val/cat/leak.png"]]],
    ["near-duplicate", [["train/cat/4.png", "train/cat/small 4.jpg"]]],
    ["near-leak", [["train/dog/0.png", "val/dog/like 0.jpg"]]],
    ["near-conflict", []],
    ["wrong-extension", [["train/dog/really.png"]]],
    ["tiny", [["train/dog/tiny.png"]]],
    ["huge", [["val/dog/like 0.jpg"]]],
    ["exif", [["train/dog/turned.jpg"]]],
  ] as [IssueKind, string[][]][])("has %s", (kind, paths) => {
    expect(found(kind)).toEqual(paths);
  });

  test("has folders and classes that do not fit", () => {
    const details = (kind: IssueKind) =>
      report.issues.filter((issue) => issue.kind === kind).map(({ detail }) => detail);
    expect(details("empty-class")).toEqual(["folder owl holds no image, so there is no such class"]);
    expect(details("classes")).toEqual(["1 in val but not in train: fox"]);
    expect(details("imbalance")).toEqual([]);
    expect(details("ignored")).toEqual(["1 images beside the class folders", "1 file with ending .txt"]);
    expect(report.splits.map(({ name, samples }) => [name, samples])).toEqual([
      ["train", 55],
      ["val", 9],
    ]);
  });

  test("is counted, in the order of its kinds", () => {
    expect(report.errors).toBe(report.issues.filter(({ level }) => level === "error").length);
    expect(report.warnings).toBe(report.issues.filter(({ level }) => level === "warning").length);
    expect(report.issues[0]!.kind).toBe("empty");
    expect(progress.at(-1)).toEqual([64, 64]);
  });

  test("is judged by the limits given", async () => {
    const strict = await checkData(root, { splits: ["train"], imbalance: 5, near: false, minSide: 1, maxPixels: 1000 });
    const kinds = new Set(strict.issues.map(({ kind }) => kind));
    expect(kinds).toContain("imbalance");
    expect(kinds).toContain("too-large");
    for (const kind of ["leak", "near-leak", "near-duplicate", "tiny", "classes"] as const)
      expect(kinds).not.toContain(kind);
  });
});

test("records of a table that cannot be used are named with their row", async () => {
  const table = fileURLToPath(new URL("../__fixtures__/shards/broken.parquet", import.meta.url));
  const { issues } = await checkData(table);
  const bad = issues.filter(({ kind }) => kind === "bad-record");
  expect(bad.map(({ paths, detail }) => [relative(dirname(table), paths[0]!), detail])).toEqual([
    ["broken.parquet at 2", "label 9 is outside of the 3 classes (0 to 2)"],
    ["broken.parquet at 3", "the row has no label"],
  ]);
  expect(issues.find(({ kind }) => kind === "unreadable")).toMatchObject({ detail: "the row has no image" });
});

test("options that make no sense are refused", async () => {
  await expect(checkData(root, { near: 40 })).rejects.toThrow("near must be a whole number of bits from 0 to 16");
  await expect(checkData(root, { imbalance: 0 })).rejects.toThrow("imbalance must be 1 or more, found 0");
  await expect(checkData(at("nothing"))).rejects.toThrow("found nothing");
});
