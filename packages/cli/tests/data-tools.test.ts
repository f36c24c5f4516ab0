// The commands that look at data before it is trained on, by the built command.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderOfPhotos, jsonLines, small, vitrine, writePictures } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await folderOfPhotos(8);
});
afterAll(() => rm(folder, { recursive: true }));

describe("data check", () => {
  test("finds nothing in a good folder, and ends with 0", async () => {
    const { code, stdout } = await run("data", "check", "data", "--no-look-alikes");
    expect(stdout).toContain("train: 18 images, 3 classes\nval: 6 images, 3 classes\n");
    expect(stdout).toContain("Nothing is wrong.");
    expect(code).toBe(0);
  });

  test("ends with 1 where there are errors, names them, and shows copies on a page", async () => {
    await mkdir(join(folder, "bad"));
    for (const split of ["train", "val"]) await writePictures(join(folder, "bad", split), 3);
    await writeFile(join(folder, "bad/train/red/<b>.png"), "");
    await copyFile(join(folder, "bad/train/red/0.png"), join(folder, "bad/train/red/again.png"));
    const { code, stdout, stderr } = await run(
      "data",
      "check",
      "bad",
      "--json",
      "-o",
      "check.html",
      "--no-look-alikes",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("Written to check.html");
    const objects = jsonLines(stdout);
    const kinds = objects.filter(({ type }) => type === "issue").map(({ kind }) => kind);
    // Both splits are made by the same dice.
    expect(kinds).toEqual(["empty", ...new Array(9).fill("leak")]);
    expect(objects.at(-1)).toMatchObject({ type: "check", errors: 10, warnings: 0 });
    const page = await readFile(join(folder, "check.html"), "utf8");
    expect(page).toContain("&lt;b&gt;.png");
    expect(page).not.toContain("<b>.png");
    expect(page.match(/<img src="data:image\/jpeg/g)!.length).toBe(19);
  });

  test("refuses another ending of the page before it looks at anything", async () => {
    const { code, stderr } = await run("data", "check", "nothing", "-o", "check.pdf");
    expect(code).toBe(2);
    expect(stderr).toContain('--output must be a file that ends in .html, found "check.pdf"');
  });
});

test("data stats draws its histograms as text and as a page", async () => {
  const { stdout, code } = await run("data", "stats", "data", "-o", "stats.html");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^mean of images 0\.\d{4} 0\.\d{4} 0\.\d{4}$/m);
  expect(stdout).toMatch(/^blue {3}6 {2}#{40}$/m);
  expect(stdout).toMatch(/^16 … 31 {2}18 {2}#{40}$/m);
  const page = await readFile(join(folder, "stats.html"), "utf8");
  expect(page.match(/<rect class="bar"/g)).toHaveLength(4);
  const [stats] = jsonLines((await run("data", "stats", "data", "--json")).stdout);
  expect(stats).toMatchObject({ count: 18, sizeBins: [{ from: 16, to: 31, count: 18 }] });
  expect(stats!.imageStd).toHaveLength(3);
});

test("data split makes folds", async () => {
  const { code, stdout } = await run("data", "split", "photos", "folds", "--folds", "4", "--mode", "symlink");
  expect(code).toBe(0);
  expect(stdout).toContain("fold-3/val");
  const check = await run("data", "check", "folds/fold-2", "--json", "--no-look-alikes");
  expect(jsonLines(check.stdout).at(-1)).toMatchObject({ errors: 0, splits: [{ samples: 18 }, { samples: 6 }] });
  const refused = await run("data", "split", "photos", "other", "--folds", "4", "--train", "0.5");
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain("leave out --train");
});

test("data split names classes that are too small, and training on the parts works", async () => {
  await mkdir(join(folder, "uneven"));
  await writePictures(join(folder, "uneven"), 4);
  await mkdir(join(folder, "uneven/rare"));
  await copyFile(join(folder, "uneven/red/0.png"), join(folder, "uneven/rare/0.png"));
  const { code, stdout, stderr } = await run("data", "split", "uneven", "parts");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rare +1 +0$/m);
  expect(stderr).toBe('Class "rare" has 1 image in all and none in "val".\n');
  const trained = await run("train", "parts", ...small, "--fast-dev-run");
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const check = await run("data", "check", "parts", "--json", "--no-look-alikes");
  const issues = jsonLines<{ kind?: string; detail?: string }>(check.stdout);
  expect(issues.filter(({ kind }) => kind === "classes" || kind === "empty-class")).toMatchObject([
    { kind: "empty-class", detail: "class rare has no image" },
  ]);
});
