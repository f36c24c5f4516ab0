// Which images training uses, and that a run that was stopped goes on with the very next batch.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSameWeightsResumed, small, temporaryFolder, vitrine, writePictures } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await temporaryFolder();
  await writePictures(join(folder, "data/train"), 8);
  await writePictures(join(folder, "data/val"), 2);
  await writePictures(join(folder, "flat"), 6);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const common = [...small, "--output", "runs", "--workers", "1", "--log-interval", "1"];

test("trains on a part, on a fold, and on balanced draws", async () => {
  const part = await run(
    "train",
    "data",
    ...common,
    "--limit",
    "6",
    "--fast-dev-run",
    "--json",
    "--sampler",
    "balanced",
  );
  expect(part, part.stderr).toMatchObject({ code: 0 });
  const fold = await run(
    "train",
    "flat",
    ...common,
    "--folds",
    "3",
    "--fold",
    "1",
    "--epochs",
    "1",
    "--experiment",
    "fold",
  );
  expect(fold, fold.stderr).toMatchObject({ code: 0 });
  const scored = await run("eval", "runs/fold", "data", "--fraction", "0.5", "--json", "--cache", "ram");
  expect(scored, scored.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(scored.stdout.trim().split("\n").at(-1)!)).toMatchObject({ samples: 3 });
}, 120_000);

describe.skipIf(process.platform === "win32")("a run that was stopped in an epoch", () => {
  test("ends with the weights of one that was not (repeated augmentation, cache)", async () => {
    const options = ["--aug-repeats", "3", "--cache", "ram", "--epochs", "12", "--warmup-epochs", "0", "-b", "2"];
    const args = ["train", "data", ...common, ...options];
    await expectSameWeightsResumed(folder, args);
  }, 120_000);
});
