import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDataset } from "./datasets/open.ts";
import { assertSameClasses } from "./datasets/splits.ts";
import { apportion, splitFolder, splitFolds } from "./split-folder.ts";

let root: string;
let source: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-split-"));
  source = await tree("source", { cat: 20, dog: 10, eel: 1 });
});
afterAll(() => rm(root, { recursive: true }));

/** Files that hold their own names. */
async function tree(name: string, classes: Record<string, number>): Promise<string> {
  for (const [label, count] of Object.entries(classes)) {
    for (let i = 0; i < count; i++) await put(join(root, name, label, `${i}.png`));
  }
  return join(root, name);
}

async function put(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, file);
}

/** Paths of all pictures below a folder. */
async function pictures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.name.endsWith(".png"))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe("splitFolder", () => {
  test("splits every class 70 to 30 and keeps each file once", async () => {
    const output = join(root, "out");
    const progress: number[][] = [];
    const notices: string[] = [];
    const report = await splitFolder(source, output, {
      onProgress: (done, total) => progress.push([done, total]),
      onNotice: (message) => notices.push(message),
    });
    expect(report).toEqual({ output, classes: ["cat", "dog", "eel"], counts: { train: [14, 7, 1], val: [6, 3, 0] } });
    expect(progress).toEqual(Array.from({ length: 31 }, (_, i) => [i + 1, 31]));
    const files = await pictures(output);
    const originals = await Promise.all(files.map((file) => readFile(join(output, file), "utf8")));
    expect(originals.sort()).toEqual((await pictures(source)).map((file) => join(source, file)).sort());
    for (const file of files)
      expect(await readFile(join(output, file), "utf8")).toBe(join(source, ...file.split("/").slice(1)));
    // "eel" has one image: no empty folder stands for it in val, and both parts know it all the same.
    expect(await readdir(join(output, "val"))).toEqual(["cat", "dog"]);
    expect(notices).toEqual(['class "eel" has 1 image in all and none in "val"']);
    const opened = await Promise.all(["train", "val"].map((split) => openDataset(output, { split })));
    expect(opened.map(({ classes }) => classes)).toEqual([report.classes, report.classes]);
  });

  test("keeps the names of classes that are no names of folders", async () => {
    const named = await tree("named", { top: 4, shoe: 4 });
    await writeFile(
      join(named, "class-folders.json"),
      JSON.stringify([
        { folder: "top", name: "T-shirt/top" },
        { folder: "shoe", name: "shoe" },
      ]),
    );
    const { classes } = await splitFolder(named, join(root, "named-split"));
    expect(classes).toEqual(["T-shirt/top", "shoe"]);
    const train = await openDataset(join(root, "named-split"), { split: "train" });
    expect(train).toMatchObject({ classes, length: 6 });
  });

  test("gives the same split for a seed, and another for another", async () => {
    const split = async (name: string, seed: number) => {
      await splitFolder(source, join(root, name), { seed });
      return pictures(join(root, name));
    };
    const first = await split("s1", 1);
    expect(await split("s1b", 1)).toEqual(first);
    expect(await split("s2", 2)).not.toEqual(first);
  });

  test("makes what openDataset reads, with as many splits as asked for", async () => {
    const pair = await tree("pair", { a: 10, b: 20 });
    const output = join(root, "three");
    const { counts } = await splitFolder(pair, output, { ratios: { train: 0.6, val: 0.2, test: 0.2 } });
    expect(counts).toEqual({ train: [6, 12], val: [2, 4], test: [2, 4] });
    const [train, val] = [await openDataset(output, { split: "train" }), await openDataset(output, { split: "val" })];
    assertSameClasses(train, val);
    expect([train.length, val.length]).toEqual([18, 6]);
  });

  test("links instead of copying", async () => {
    await splitFolder(source, join(root, "hard"), { mode: "link" });
    await splitFolder(source, join(root, "soft"), { mode: "symlink" });
    const file = (await pictures(join(root, "hard")))[0]!;
    const original = join(source, ...file.split("/").slice(1));
    expect((await lstat(join(root, "hard", file))).ino).toBe((await lstat(original)).ino);
    expect(await readlink(join(root, "soft", file))).toBe(original);
  });

  test("keeps files apart that have one name", async () => {
    const nested = join(root, "nested");
    for (const file of ["x/a/1.png", "y/a/1.png", "x/b/1.png", "x/b/2.png"]) await put(join(nested, file));
    await splitFolder(nested, join(root, "flat"), { ratios: { train: 1, val: 0 } });
    expect(await pictures(join(root, "flat"))).toEqual([
      "train/a/1.png",
      "train/a/y__a__1.png",
      "train/b/1.png",
      "train/b/2.png",
    ]);
  });

  test("takes an empty folder as output and refuses any other", async () => {
    await mkdir(join(root, "void"));
    await splitFolder(source, join(root, "void"));
    const before = await pictures(join(root, "void"));
    await expect(splitFolder(source, join(root, "void"))).rejects.toThrow(
      /expected an empty or missing folder at .*void, found 3 entries/,
    );
    expect(await pictures(join(root, "void"))).toEqual(before);
    await put(join(root, "file"));
    await expect(splitFolder(source, join(root, "file"))).rejects.toThrow("found a file");
    await expect(splitFolder(source, join(source, "out"))).rejects.toThrow("lies in the source");
    await expect(splitFolder(join(root, "void"), join(root, "new"))).rejects.toThrow(
      "is split already: it holds train, val",
    );
  });

  test("leaves nothing behind when it fails", async () => {
    const fragile = await tree("fragile", { a: 3, b: 3 });
    const output = join(root, "never");
    let seen = 0;
    const onProgress = () => {
      if (++seen === 4) throw new Error("disk full");
    };
    await expect(splitFolder(fragile, output, { onProgress })).rejects.toThrow(
      `split: ${output} was not made: disk full`,
    );
    const names = await readdir(root);
    expect(names.filter((name) => name.includes("never"))).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)("says so when the output cannot be written", async () => {
    const locked = join(root, "locked");
    await mkdir(locked);
    await chmod(locked, 0o500);
    await expect(splitFolder(source, join(locked, "out"))).rejects.toThrow("EACCES");
  });

  test.for([
    [{ ratios: { train: 0.5, val: 0.6 } }, "sum to 1, found train 0.5, val 0.6 (sum 1.1)"],
    [{ ratios: { train: 1 } }, "expected two or more splits, found train 1"],
    [{ ratios: { train: 0.5, "../val": 0.5 } }, 'a split is named like a folder, found "../val"'],
    [{ mode: "sylink" as "symlink" }, 'found "sylink" (did you mean "symlink"?)'],
  ] as const)("refuses nonsense: %#", async ([options, message]) => {
    await expect(splitFolder(source, join(root, "nonsense"), options)).rejects.toThrow(message);
  });
});

test("apportion gives whole shares that sum up, each within one of the exact share where classes are large enough", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(fc.nat(5000), weights, (total, parts) => {
      const sum = parts.reduce((a, b) => a + b, 0);
      const ratios = parts.map((part) => part / sum);
      const sizes = apportion(total, ratios);
      expect(sizes.reduce((a, b) => a + b, 0)).toBe(total);
      if (total >= parts.length) expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
      if (total * Math.min(...ratios) >= 1) {
        for (const [i, size] of sizes.entries()) expect(Math.abs(size - total * ratios[i]!)).toBeLessThan(1.0001);
      }
    }),
  );
  expect(apportion(10, [0.7, 0.3])).toEqual([7, 3]);
  expect(apportion(2, [0.7, 0.3])).toEqual([1, 1]);
  expect(apportion(1, [0.7, 0.3])).toEqual([1, 0]);
  expect(apportion(5, [1, 0])).toEqual([5, 0]);
  expect(apportion(0, [0.7, 0.3])).toEqual([0, 0]);
});

describe("splitFolds", () => {
  test("every file is validation data of one fold, and training data of the others; classes are spread evenly", async () => {
    const output = join(root, "folds");
    const notices: string[] = [];
    const report = await splitFolds(source, output, {
      folds: 4,
      mode: "symlink",
      onNotice: (message) => notices.push(message),
    });
    const without = Object.keys(report.counts).filter((part) => report.counts[part]![2] === 0);
    expect(without).toHaveLength(4);
    expect(notices).toEqual([
      `class "eel" has 1 image in all and none in ${without.map((part) => `"${part}"`).join(", ")}`,
    ]);
    expect(Object.keys(report.counts)).toEqual([0, 1, 2, 3].flatMap((k) => [`fold-${k}/train`, `fold-${k}/val`]));
    const seen = new Map<string, number>();
    for (let k = 0; k < 4; k++) {
      const [train, val] = [report.counts[`fold-${k}/train`]!, report.counts[`fold-${k}/val`]!];
      expect(val[0]).toBe(5);
      expect([2, 3]).toContain(val[1]);
      expect(train.map((n, c) => n + val[c]!)).toEqual([20, 10, 1]);
      for (const file of await pictures(join(output, `fold-${k}`, "val"))) seen.set(file, (seen.get(file) ?? 0) + 1);
      const parts = await Promise.all(
        ["train", "val"].map((split) => openDataset(join(output, `fold-${k}`), { split })),
      );
      expect(parts[0]!.length + parts[1]!.length).toBe(31);
      // The class of one image has a folder where that lies alone, and is known to both parts.
      assertSameClasses(parts[0]!, parts[1]!);
      expect(parts[0]!.classes).toEqual(["cat", "dog", "eel"]);
      for (const split of ["train", "val"] as const)
        expect(await readdir(join(output, `fold-${k}`, split))).toEqual(
          report.counts[`fold-${k}/${split}`]![2] === 0 ? ["cat", "dog"] : ["cat", "dog", "eel"],
        );
    }
    expect([...seen.values()]).toEqual(new Array(31).fill(1));
    expect(
      await readlink(join(output, "fold-0", "val", "cat", (await readdir(join(output, "fold-0/val/cat")))[0]!)),
    ).toContain(source);
  });

  test("says which classes are not in every fold, the first ten of them one by one", async () => {
    const small = await tree("small", { big: 6, ...Object.fromEntries(Array.from("abcdefghijkl", (c) => [c, 2])) });
    const notices: string[] = [];
    const onNotice = (message: string) => notices.push(message);
    await splitFolds(small, join(root, "small-3"), { folds: 3, mode: "link", onNotice });
    expect(notices).toHaveLength(11);
    expect(notices[0]).toMatch(/^class "a" has 2 images in all and none in "fold-\d\/val"$/);
    expect(notices[10]).toBe("2 more classes are not in every part");
    await splitFolds(small, join(root, "small-2"), { folds: 2, mode: "link", onNotice });
    expect(notices).toHaveLength(11);
  });

  test("refuses folds that cannot be", async () => {
    await expect(splitFolds(source, join(root, "no"), { folds: 1 })).rejects.toThrow(
      "folds must be a whole number from 2",
    );
    await expect(lstat(join(root, "no"))).rejects.toThrow("ENOENT");
  });
});
