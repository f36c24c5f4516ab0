// From a folder of images to an exported model, by the built command.

import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderOfPhotos, jsonLines, outcome, small, start, vitrine, writePictures } from "./vitrine.ts";

let folder: string;
const run = (...args: string[]) => vitrine(folder, ...args);
beforeAll(async () => {
  folder = await folderOfPhotos(20);
  const trained = await run("train", "data", ...small, "--epochs", "8", "--experiment", "a", "--output", "runs");
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stdout).toMatch(/^Train: 7 \[/m);
  expect(trained.stdout).toContain("Report: runs/a/report.html");
});
afterAll(() => rm(folder, { recursive: true }));

/** Accuracy as `eval` prints it. */
const accuracy = ({ stdout }: { stdout: string }) => Number(/Acc@1 ([\d.]+)/.exec(stdout)?.[1]);

test("splits class by class", async () => {
  const { stdout } = await run("data", "stats", "data", "--json");
  const stats = JSON.parse(stdout) as { count: number; classes: unknown; mean: number[] };
  expect(stats.count).toBe(42);
  expect(stats.classes).toEqual(["blue", "green", "red"].map((name) => ({ name, count: 14 })));
  for (const mean of stats.mean) expect(mean).toBeGreaterThan(0.2);
});

test("learns, and measures the same before and after export", async () => {
  const direct = await run("eval", "runs/a", "data");
  expect(accuracy(direct)).toBe(100);
  for (const options of [[], ["--preprocess", "--softmax"], ["--normalize", "--opset", "17"]]) {
    const exported = await run("export", "runs/a", "-o", "model.onnx", "--images", "data/val", ...options);
    expect(exported).toMatchObject({ code: 0 });
    expect(exported.stdout).toContain("verified on batches of 1, 3, 8 and 16 images");
    const evaluated = await run("eval", "model.onnx", "data");
    expect(accuracy(evaluated)).toBe(100);
  }
});

test("predicts files, folders and patterns, from a run, a checkpoint and a file", async () => {
  await run("export", "runs/a");
  for (const model of ["runs/a", "runs/latest", "runs/a/weights/last.safetensors", "runs/a/model.onnx"]) {
    const { stdout, code } = await run("predict", model, "data/val/red", "data/val/gr*/*.png", "--topk", "2");
    expect(code, model).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(12);
    for (const line of lines) expect(line).toMatch(/^data.val.(\w+).\d+\.png: \1 \d+\.\d\d %, \w+ \d+\.\d\d %$/);
  }
});

test("writes results as CSV and JSON, and one JSON object a line", async () => {
  const { stdout } = await run("predict", "runs/a", "data/val/red", "--json", "--results-file", "red.json");
  expect(jsonLines(stdout).map(({ type }) => type)).toEqual([...new Array(6).fill("prediction"), "predicted"]);
  expect(JSON.parse(await readFile(join(folder, "red.json"), "utf8"))).toHaveLength(6);
  await run("eval", "runs/a", "data", "--results-file", "eval.csv");
  expect(await readFile(join(folder, "eval.csv"), "utf8")).toMatch(
    /^class,precision,recall,f1,support\nblue,1,1,1,6\n/,
  );
});

test("says what a checkpoint and a file hold", async () => {
  const checkpoint = JSON.parse((await run("info", "runs/a", "--json")).stdout) as Record<string, unknown>;
  expect(checkpoint).toMatchObject({
    name: "vit_tiny_patch16_224",
    input: [3, 16, 16],
    classes: ["blue", "green", "red"],
  });
  await run("export", "runs/a", "-o", "info.onnx", "--no-verify");
  expect((await run("info", "info.onnx")).stdout).toContain("pixel_values  float32 [batch, 3, 16, 16]");
});

test("keeps on after an unreadable image, and says so", async () => {
  await mkdir(join(folder, "mixed"), { recursive: true });
  await writeFile(join(folder, "mixed", "broken.jpg"), "not an image");
  const { code, stdout, stderr } = await run("predict", "runs/a", "mixed", "data/val/red");
  expect(code).toBe(1);
  expect(stdout.trim().split("\n")).toHaveLength(6);
  expect(stderr).toContain("Skipped mixed/broken.jpg: ");
  expect(stderr).toContain("1 of 7 images could not be read.");
});

test("reads options from a file, under what is typed, and goes on with the run's own", async () => {
  await writeFile(
    join(folder, "config.yaml"),
    "epochs: 1\nopt: adamw\nimg_size: 16\nmodel-kwargs: {patchSize: 8, depth: 1, embedDim: 32, numHeads: 2}\n",
  );
  const options = ["--batch-size", "16", "--experiment", "b", "--output", "runs"];
  expect(await run("train", "data", "--config", "config.yaml", "--lr", "1e-3", ...options)).toMatchObject({ code: 0 });
  const args = await readFile(join(folder, "runs/b/args.yaml"), "utf8");
  expect(args).toContain("  img-size: 16");
  const resumed = await run("train", "--resume", "runs/b", "--epochs", "2");
  expect(resumed).toMatchObject({ code: 0 });
  expect(resumed.stdout).toContain("Resumed in epoch 1");
  expect((await readFile(join(folder, "runs/b/summary.csv"), "utf8")).trim().split("\n")).toHaveLength(3);
});

test("teaches a distillation head the scores of a run", async () => {
  const taught = ["--kd-model", "runs/a", "--kd-type", "hard", "--epochs", "8", "--experiment", "taught"];
  const trained = await run(
    "train",
    "data",
    ...small,
    "--model",
    "deit_tiny_distilled_patch16_224",
    ...taught,
    "--output",
    "runs",
  );
  expect(trained).toMatchObject({ code: 0 });
  expect(accuracy(await run("eval", "runs/taught", "data"))).toBeGreaterThan(80);
  expect(JSON.parse((await run("info", "runs/taught", "--json")).stdout)).toMatchObject({
    name: "deit_tiny_distilled_patch16_224",
  });
});

test("fine-tunes a run's weights for other classes, and says what it adapted", async () => {
  await writePictures(join(folder, "two"), 8);
  await rm(join(folder, "two", "red"), { recursive: true });
  await run("data", "split", "two", "two-data");
  const tuned = await run(
    "train",
    "two-data",
    ...small,
    "--pretrained-path",
    "runs/a",
    "--epochs",
    "1",
    "--freeze",
    "backbone",
    "--fast-dev-run",
  );
  expect(tuned).toMatchObject({ code: 0 });
  expect(tuned.stderr).toContain("Adapted head: new, for 2 classes (the checkpoint has 3 classes)");
  expect(tuned.stdout).toContain("66 of 19,202 parameters");
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  test("finishes the step, saves, ends with 130, and the run goes on later", async () => {
    const args = ["train", "data", ...small, "--epochs", "500", "--experiment", "stopped", "--output", "runs"];
    const child = start(folder, args);
    const ended = outcome(child);
    await new Promise<void>((resolve) => {
      child.stdout!.on("data", (chunk) => String(chunk).includes("Train: 1 ") && resolve());
    });
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Finishing the step and saving");
    expect(stdout).toContain("go on with  vitrine train --resume runs/stopped");
    expect(existsSync(join(folder, "runs/stopped/weights/last.safetensors"))).toBe(true);
    const resumed = await run("train", "--resume", "runs/stopped", "--time-limit", "0.001s");
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stdout).toMatch(/Resumed in epoch [1-9]/);
  });
});

/** The loss that `eval` finds with an engine, called from a folder whose packages it may use. */
async function lossWith(engine: string, cwd = folder): Promise<number> {
  const paths = [join(folder, "runs/a"), join(folder, "data")];
  const { stdout, stderr, code } = await vitrine(cwd, "eval", ...paths, "--json", "--engine", engine);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { loss: number }).loss;
}

const hasCpu = await import("@tensorflow/tfjs-backend-cpu").then(
  () => true,
  () => false,
);
test.skipIf(!hasCpu)("computes the same in plain JavaScript", async () => {
  expect(await lossWith("cpu")).toBeCloseTo(await lossWith("onnx"), 5);
});

// Built there by benchmarks/peers/setup-tfjs-node.sh, or wherever VITRINE_TFJS_NODE says.
const tfjsNode =
  process.env.VITRINE_TFJS_NODE ?? fileURLToPath(new URL("../../../benchmarks/.peers/tfjs-node", import.meta.url));
const hasTensorflow = existsSync(join(tfjsNode, "node_modules/@tensorflow/tfjs-node"));
if (!hasTensorflow) console.warn("skipped: the tensorflow engine, as @tensorflow/tfjs-node is not installed");
test.skipIf(!hasTensorflow)("computes the same on TensorFlow", async () => {
  expect(await lossWith("tensorflow", tfjsNode)).toBeCloseTo(await lossWith("onnx"), 4);
});
