// What the built command says to mistakes: one line, and the right exit code. 2: used wrongly; 1: failed.

import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcome, small, start, temporaryFolder, vitrine, writePictures } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await temporaryFolder();
  await writePictures(join(folder, "data/train"), 4);
  await writePictures(join(folder, "data/val"), 2);
  await writePictures(join(folder, "flat"), 2);
  await mkdir(join(folder, "empty"));
  await mkdir(join(folder, "hollow/train/cat"), { recursive: true });
  await writePictures(join(folder, "single/train"), 2);
  for (const name of ["green", "red"]) await rm(join(folder, "single/train", name), { recursive: true });
  await writePictures(join(folder, "differ/train"), 2);
  await writePictures(join(folder, "differ/val"), 2);
  await rm(join(folder, "differ/val/red"), { recursive: true });
  await writeFile(join(folder, "text.txt"), "text");
  await writeFile(join(folder, "text.onnx"), "text");
  await writeFile(join(folder, "text.safetensors"), "text");
  await writeFile(join(folder, "bad.yaml"), "epochs: [");
  await writeFile(join(folder, "unknown.yaml"), "epohcs: 3");
});
afterAll(async () => {
  await chmod(join(folder, "empty"), 0o755).catch(() => {});
  await rm(folder, { recursive: true });
});

test.concurrent.each([
  ["trian", 'unknown command "trian" (did you mean "train"?)'],
  ["data splt a b", 'unknown command "data splt" (did you mean "split"?)'],
  ["--epochs 3 train", "expected a command before --epochs"],
  ["train data --modle vit_tiny_patch16_224", 'unknown option --modle (did you mean "--model"?)'],
  ["train data epoch=3", 'unknown option epoch (did you mean "epochs"?)'],
  [
    "train data --model vit_tiny_patch16_22",
    'unknown model "vit_tiny_patch16_22" (did you mean "vit_tiny_patch16_224"?)',
  ],
  ["train data --batch-size 0", "--batch-size must be a whole number of at least 1, found 0"],
  ["train data --lr fast", '--lr must be a number above 0, found "fast"'],
  ["train data --opt adammw", '--opt must be one of sgd, momentum, adamw, found "adammw" (did you mean "adamw"?)'],
  ["train data --sched cosin", '(did you mean "cosine"?)'],
  ["train data --model-kwargs dpeth=3", 'unknown option "dpeth" (did you mean "depth"?)'],
  ["train data --num-classes 7", "--num-classes is 7, but the data has 3 classes"],
  ["train data --time-limit soon", "--time-limit must be a time such as 90s"],
  ["train data --fraction 1.5", "--fraction must be a number"],
  ["train data --sampler balancd", '(did you mean "balanced"?)'],
  ["train data --aug-repeats 3 --sampler balanced", "--aug-repeats and --sampler balanced are alternative orders"],
  ["train nowhere --aug-splits 1", "--aug-splits must be 0 for one image of a sample, or at least 2, found 1"],
  [
    "train nowhere --jsd-loss",
    "--jsd-loss compares several images of each sample; say how many, such as --aug-splits 3",
  ],
  ["train nowhere --aug-splits 3 --mixup 0.2", "--aug-splits does not go with --mixup and --cutmix"],
  ["train nowhere --aug-splits 3 --no-aug", "--no-aug in none"],
  ["train nowhere --aug-splits 3 --jsd-loss --kd-model x", "--jsd-loss and --kd-model are two losses"],
  ["train data --folds 3", "--folds and --fold belong together, such as --folds 5 --fold 0"],
  ["train data --folds 3 --fold 3", "--fold must be below --folds, found 3 of 3"],
  ["train data --img-size 20", "20"],
  ["train data --freeze bloks:0-1 --fast-dev-run", "bloks"],
  ["train data --config bad.yaml", "bad.yaml: is not YAML"],
  ["train data --config none.yaml", "none.yaml: there is no such file"],
  ["train data --config unknown.yaml", '(did you mean "epochs"?)'],
  ["train data --engine cuda", "--engine must be one of onnx, tensorflow, cpu"],
  ["train data --provider cuba", "cuba"],
  ["train", "train needs <data>"],
  ["train nowhere", "expected a folder at nowhere, found nothing"],
  ["train flat", "vitrine data split flat NEW_FOLDER"],
  ["train empty", "empty"],
  ["train hollow", "Found 0 images"],
  ["train --resume nowhere", "nowhere"],
  ["eval text.txt data", "expected a run folder, a .safetensors or an .onnx file"],
  ["eval vit_tinny_patch16_224 data", '(did you mean "vit_tiny_patch16_224"?)'],
  ["eval empty data", "is no run folder"],
  ["predict text.onnx", "predict needs <images>"],
  ["predict runs/none/model.onnx cat.jpg", "there is no such file or folder"],
  ["export text.onnx", "is an ONNX file already"],
  ["export vit_tiny_patch16_224 --no-pretrained --opset 9", "opset must be 17 to 23, found 9"],
  ["export vit_tiny_patch16_224 --batch many", '--batch must be dynamic or a whole number of at least 1, found "many"'],
  ["data split flat flat/inside", "lies in the source"],
  ["data split flat new --train 0.9 --test 0.3", "more than everything"],
  ["models --family vitt", '(did you mean "vit"?)'],
  ["doctor now", 'did not expect "now"'],
])("vitrine %s: says what is wrong in one line and ends with 2", async (line, message) => {
  const { code, stdout, stderr } = await run(...line.split(" "));
  expect(stderr).toContain(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^Error: /);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test.each([
  ["train single --fast-dev-run", "expected two or more classes"],
  ["train differ", "red"],
  ["predict text.onnx flat", "text.onnx: is not an ONNX file"],
  ["eval text.safetensors data", "text.safetensors"],
])("vitrine %s: ends with 1 where a file is broken", async (line, message) => {
  const { code, stderr } = await run(...line.split(" "));
  expect(stderr).toContain(message);
  expect(code).toBe(1);
});

test("names images that cannot be read, and stops where they are many", async () => {
  await writePictures(join(folder, "damaged/train"), 3);
  await writePictures(join(folder, "damaged/val"), 2);
  for (const name of ["blue", "green", "red"])
    await writeFile(join(folder, "damaged/train", name, "0.png"), "no picture");
  const all = await run("train", "damaged", ...small, "--epochs", "1", "--experiment", "x", "--max-bad", "1");
  expect(all).toMatchObject({ code: 0 });
  expect(all.stderr).toContain("damaged/train/red/0.png");
  expect(all.stderr).toContain("3 images could not be read.");
  const few = await run("train", "damaged", ...small, "--epochs", "1", "--experiment", "y");
  expect(few.code).toBe(1);
  expect(few.stderr).toContain("damaged/train");
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "names a folder that cannot be written",
  async () => {
    await chmod(join(folder, "empty"), 0o555);
    const { code, stderr } = await run("train", "data", ...small, "--epochs", "1", "--output", "empty/runs");
    expect(code).toBe(1);
    expect(stderr).toContain("empty/runs");
  },
);

test("refuses a run folder where a file is in the way", async () => {
  const { code, stderr } = await run("train", "data", ...small, "--epochs", "1", "--output", "text.txt");
  expect(code).toBe(1);
  expect(stderr).toContain("text.txt");
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("does not write over another run", async () => {
  const args = ["train", "data", ...small, "--fast-dev-run", "--experiment", "taken"];
  expect(await run(...args)).toMatchObject({ code: 0 });
  const again = await run(...args);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("already holds a run");
});

test("shows a stack with --debug only", async () => {
  expect((await run("eval", "text.safetensors", "data")).stderr).not.toContain("    at ");
  expect((await run("eval", "text.safetensors", "data", "--debug")).stderr).toContain("    at ");
});

test("says errors to programs too", async () => {
  const { stdout } = await run("train", "nowhere", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ type: "error", usage: true });
});

test("ends quietly when its reader has gone", async () => {
  const child = start(folder, ["models"]);
  child.stdout!.once("data", () => child.stdout!.destroy());
  const { code, stderr } = await outcome(child);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
