// Data sets of other formats than folders, by the built command.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderOfPhotos, small, vitrine } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await folderOfPhotos(10);
});
afterAll(() => rm(folder, { recursive: true }));

describe("data convert", () => {
  test("writes shards of all splits, which stats, train and eval read", async () => {
    const converted = await run("data", "convert", "data", "records", "--to", "tfrecord", "--shards", "2", "--json");
    expect(converted.code).toBe(0);
    expect(JSON.parse(converted.stdout)).toMatchObject({
      type: "convert",
      classes: ["blue", "green", "red"],
      splits: [
        { split: "train", samples: 21, lengths: [11, 10] },
        { split: "val", samples: 9, lengths: [5, 4] },
      ],
      skipped: 0,
    });
    const again = await run("data", "convert", "records", "shards", "--to", "webdataset", "--max-shard-size", "8kB");
    expect(again.stdout).toMatch(/^train +21 +\d+$/m);
    const stats = async (data: string) => JSON.parse((await run("data", "stats", data, "--json")).stdout) as object;
    const { mean, std, classes } = (await stats("data")) as Record<string, unknown>;
    // Sums in another order differ in their last bits.
    const rounded = (values: unknown) => (values as number[]).map((value) => Number(value.toFixed(9)));
    for (const other of ["records", "shards"]) {
      const found = (await stats(other)) as Record<string, unknown>;
      expect(found.classes).toEqual(classes);
      expect([rounded(found.mean), rounded(found.std)]).toEqual([rounded(mean), rounded(std)]);
    }
    const trained = await run("train", "shards", ...small, "--epochs", "1", "--experiment", "s", "--output", "runs");
    expect(trained).toMatchObject({ code: 0 });
    expect((await run("eval", "runs/s", "records")).stdout).toContain("on 9 images of records");
  });

  test("says what is wrong, and writes nothing", async () => {
    const mistakes: [string[], RegExp][] = [
      [["data", "new"], /--to is needed: folder, tfrecord or webdataset/],
      [["data", "new", "--to", "wds"], /--to must be one of folder, tfrecord, webdataset, found "wds"/],
      [
        ["data", "new", "--to", "tfrecord", "--max-shard-size", "2 feet"],
        /--max-shard-size must be a size such as 256MB/,
      ],
      [["data", "new", "--to", "tfrecord", "--shards", "2", "--max-shard-size", "1MB"], /say the same thing twice/],
      [["data", "photos", "--to", "folder"], /expected an empty or missing folder at photos, found 3 entries/],
      [["tfrecrod:data", "new", "--to", "folder"], /unknown format "tfrecrod" \(did you mean "tfrecord:data"\?\)/],
    ];
    for (const [args, message] of mistakes) {
      const { code, stderr } = await run("data", "convert", ...args);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
    expect(await readdir(folder)).not.toContain("new");
  });

  test("tells records that are damaged, with shard and byte", async () => {
    await run("data", "convert", "photos", "damaged", "--to", "tfrecord");
    const file = join(folder, "damaged", "data-00000-of-00001.tfrecord");
    const bytes = await readFile(file);
    bytes[100]! ^= 1;
    await writeFile(file, bytes);
    const { code, stdout, stderr } = await run("data", "stats", "damaged");
    expect(code).toBe(0);
    expect(stderr).toMatch(/Skipped damaged.data-00000-of-00001.tfrecord: wrong checksum of a record: expected \w{8}/);
    expect(stdout).toMatch(/images +29/);
  });
});

test("data download lists what there is, takes files of a mirror, and refuses wrong ones", async () => {
  const { stdout } = await run("data", "download");
  expect(stdout).toMatch(/^cifar10 +170\.0 MB +CIFAR-10/m);
  await mkdir(join(folder, "mirror"));
  await writeFile(join(folder, "mirror", "cifar-10-binary.tar.gz"), "not the archive");
  const { code, stderr } = await run("data", "download", "cifar10", "--mirror", join(folder, "mirror"));
  expect(code).toBe(1);
  expect(stderr).toMatch(/expected md5 c32a1d4ab5d03f1284b67883e8d87530, received/);
  expect(await readdir(folder)).not.toContain("cifar10");
  const unknown = await run("data", "download", "cifar11");
  expect(unknown.stderr).toContain('did you mean "cifar10"?');
  expect(unknown.code).toBe(2);
});
