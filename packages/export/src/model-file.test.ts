import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModel, isVitrineError } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { vit } from "@vitrine/vit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportOnnx } from "./export-onnx.ts";
import { describeModel } from "./model-file.ts";

let folder: string;
let bytes: Buffer;
beforeAll(async () => {
  await useOnnx();
  folder = await mkdtemp(join(tmpdir(), "vitrine-model-file-"));
  const model = createModel(vit, "vit_tiny_patch16_224", {
    imgSize: 32,
    embedDim: 16,
    depth: 1,
    numHeads: 1,
    numClasses: 2,
  });
  await exportOnnx(model, join(folder, "model.onnx"));
  bytes = await readFile(join(folder, "model.onnx"));
});
afterAll(() => rm(folder, { recursive: true }));

async function describeBytes(content: Uint8Array) {
  const path = join(folder, "broken.onnx");
  await writeFile(path, content);
  return describeModel(path);
}

test("reads what a file says of itself", async () => {
  const found = await describeModel(join(folder, "model.onnx"));
  expect(found).toMatchObject({ irVersion: 9, opset: 20, producer: "vitrine" });
  expect(found.metadata.get("arch")).toBe("vit_tiny_patch16_224");
});

test("refuses files that are not there, folders, texts and nothing", async () => {
  await expect(describeModel(join(folder, "none.onnx"))).rejects.toThrow("there is no such file");
  await expect(describeModel(folder)).rejects.toThrow("found a folder");
  await expect(describeBytes(Buffer.from("<!doctype html>"))).rejects.toThrow("is not an ONNX file");
  await expect(describeBytes(new Uint8Array(0))).rejects.toThrow("is not an ONNX file");
});

test("notices a file that is cut off, wherever", async () => {
  for (let i = 1; i <= 40; i++) {
    const length = Math.floor((bytes.length * i) / 41);
    await expect(describeBytes(bytes.subarray(0, length)), `cut at ${length}`).rejects.toThrow("not all of one");
  }
});

test("ends with a result or with its own error on broken bytes", async () => {
  // A small generator of its own, so that a failure can be repeated.
  let seed = 1;
  const next = (n: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  const start = bytes.subarray(0, 2000);
  for (let round = 0; round < 200; round++) {
    const broken = Buffer.from(round % 2 === 0 ? bytes : start);
    for (let i = 0; i < 8; i++) broken[next(Math.min(400, broken.length))] = next(256);
    await describeBytes(broken).catch((error: unknown) => {
      if (!isVitrineError(error)) throw error;
    });
  }
});
