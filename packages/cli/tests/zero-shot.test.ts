// Classes named on the command line, with a tiny CLIP as transformers saves it.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonLines, small, temporaryFolder, vitrine, writePictures } from "./vitrine.ts";

const fixture = fileURLToPath(new URL("../../models/clip/fixtures/towers/small/", import.meta.url));
let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);

beforeAll(async () => {
  folder = await temporaryFolder();
  await writePictures(join(folder, "photos"), 2);
  const { kwargs } = JSON.parse(await readFile(join(fixture, "case.json"), "utf8")) as { kwargs: object };
  // The 38 words that the fixture's text tower has room for: letters, alone and at the end of a word.
  const words = [..."abcdefghijklmnoprst"].flatMap((letter) => [letter, `${letter}</w>`]);
  const vocab = Object.fromEntries([...words, "<|startoftext|>", "<|endoftext|>"].map((word, i) => [word, i]));
  for (const name of ["clip", "bare"]) {
    await mkdir(join(folder, name));
    await copyFile(join(fixture, "weights.safetensors"), join(folder, name, "model.safetensors"));
    await writeFile(join(folder, name, "config.json"), JSON.stringify({ model_type: "clip", ...kwargs }));
  }
  await writeFile(join(folder, "clip", "vocab.json"), JSON.stringify(vocab));
  await writeFile(join(folder, "clip", "merges.txt"), "#version: 0.2\n");
});
afterAll(() => rm(folder, { recursive: true }));

interface Line {
  type: string;
  predictions?: { label: string; score: number }[];
}

test("names what is on images by the labels", async () => {
  const labels = ["--labels", "red, green,bird", "--topk", "3", "--json"];
  const { code, stdout } = await run("predict", "clip", "photos", ...labels);
  expect(code).toBe(0);
  const predictions = jsonLines<Line>(stdout).flatMap(({ predictions }) => (predictions ? [predictions] : []));
  expect(predictions).toHaveLength(6);
  for (const found of predictions) {
    expect(found.map(({ label }) => label).sort()).toEqual(["bird", "green", "red"]);
    expect(found.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 4);
  }
  const other = await run("predict", "clip", "photos", ...labels, "--template", "no {}");
  expect(other.code).toBe(0);
  expect(other.stdout).not.toBe(stdout);
  const named = await run("predict", "clip", "photos", ...labels, "--model", "clip_vit_base_patch32");
  expect(named.stdout).toBe(stdout);
});

test.each([
  [["predict", "clip", "photos"], 'has no classes to choose from; name them: --labels "cat,dog"'],
  [["predict", "bare", "photos", "--labels", "red"], "a tokenizer is expected beside the weights"],
  [["predict", "clip", "photos", "--labels", "red,,green"], "--labels takes names with commas between them"],
  [["predict", "clip", "photos", "--labels", "red", "--template", "none"], "a template with {} in it is expected"],
  [["predict", "clip", "photos", "--template", "a {}"], "--template needs --labels"],
])("%j: says what is wrong", async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test("knows texts with CLIP alone", async () => {
  await writePictures(join(folder, "more"), 10);
  expect(await run("data", "split", "more", "data")).toMatchObject({ code: 0 });
  const trained = await run("train", "data", ...small, "--epochs", "1", "--output", "runs", "--experiment", "a");
  expect(trained).toMatchObject({ code: 0 });
  const { code, stderr } = await run("predict", "runs/a", "photos", "--labels", "red");
  expect(stderr).toContain("--labels needs a model that knows texts (clip_...), vit_tiny_patch16_224 is of vit");
  expect(code).toBe(2);
});
