// Policies on the command line: read, refused with a mark, and kept in the run folder.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { expectSameWeightsResumed, small, temporaryFolder, vitrine, writePictures } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
const augmented = small.filter((word) => word !== "--no-aug");
beforeAll(async () => {
  folder = await temporaryFolder();
  await writePictures(join(folder, "data/train"), 8);
  await writePictures(join(folder, "data/val"), 2);
});
afterAll(() => rm(folder, { recursive: true }));

test("trains with a policy, keeps it in the run folder and goes on with it", async () => {
  const flags = [
    "--aa",
    "rand-m9-mstd0.5-inc1",
    "--grayscale-prob",
    "0.2",
    "--gaussian-blur-prob",
    "0",
    "--train-crop-mode",
    "rkrr",
  ];
  const options = [...augmented, ...flags, "--epochs", "1", "--experiment", "a", "--output", "runs"];
  expect(await run("train", "data", ...options)).toMatchObject({ code: 0 });
  const args = await readFile(join(folder, "runs/a/args.yaml"), "utf8");
  for (const line of ["aa: rand-m9-mstd0.5-inc1", "grayscale-prob: 0.2", "train-crop-mode: rkrr"])
    expect(args).toContain(line);
  expect(await run("train", "--resume", "runs/a", "--epochs", "2")).toMatchObject({ code: 0 });
});

const flags = ["--aa", "augmix-m5-w2-d2", "--aug-splits", "3", "--jsd-loss", "--reprob", "0.3", "--resplit"];
const agreeing = [...augmented, ...flags, "-b", "8", "--output", "runs"];

test("trains with AugMix' loss on three images of each sample, and keeps that in the run folder", async () => {
  const trained = await run("train", "data", ...agreeing, "--epochs", "2", "--experiment", "three");
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const { args, ...decided } = parse(await readFile(join(folder, "runs/three/args.yaml"), "utf8"));
  expect(args).toMatchObject({ aa: "augmix-m5-w2-d2", "aug-splits": 3, "jsd-loss": true, resplit: true });
  expect(decided).toMatchObject({
    jsdLoss: true,
    erasing: { splits: 3 },
    train: { samples: 24, batchSize: 8, splits: 3 },
  });
  expect(decided.val).not.toHaveProperty("splits");
});

test.skipIf(process.platform === "win32")(
  "goes on with that loss, stopped in an epoch, to the same weights",
  async () => {
    const args = ["train", "data", ...agreeing, "--epochs", "12"];
    await expectSameWeightsResumed(folder, args);
  },
  120_000,
);

test.each([
  ["rand-m9-mst0.5", "        ^^^", 'unknown key "mst" (did you mean "mstd"?)'],
  ["agumix-m3", "^^^^^^", 'unknown policy "agumix" (did you mean "augmix"?)'],
])("--aa %s: marks the mistake, before it opens anything", async (policy, mark, message) => {
  const { code, stdout, stderr } = await run("train", "nowhere", "--aa", policy);
  const [first, second, third] = stderr.split("\n");
  expect(first).toMatch(/^Error: /);
  expect(first).toContain(message);
  expect([second, third]).toEqual([`  ${policy}`, `  ${mark}`]);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("help names the policies", async () => {
  const { stdout } = await run("train", "--help");
  for (const word of [
    "--aa POLICY",
    "rand-m9-mstd0.5-inc1",
    "augmix-m5-w4-d2",
    "ta_wide",
    "--force-color-jitter",
    "--aug-splits N",
    "--jsd-loss",
    "rkrc",
  ])
    expect(stdout).toContain(word);
});
