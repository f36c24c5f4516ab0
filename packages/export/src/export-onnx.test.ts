import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModel, type Model, tf } from "@vitrine/core";
import { deit } from "@vitrine/deit";
import { printGraph, useOnnx } from "@vitrine/onnx";
import { vit } from "@vitrine/vit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportOnnx, onnxModel } from "./export-onnx.ts";
import { describeModel } from "./model-file.ts";
import { verifyOnnx } from "./verify.ts";

const small = { imgSize: 32, patchSize: 8, embedDim: 32, depth: 2, numHeads: 2, numClasses: 5 } as const;
const tiny = (options: object = {}) => createModel(vit, "vit_tiny_patch16_224", { ...small, ...options });

let folder: string;
beforeAll(async () => {
  await useOnnx();
  folder = await mkdtemp(join(tmpdir(), "vitrine-export-"));
});
afterAll(() => rm(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

describe.each([17, 18, 20, 21, 23])("opset %i", (opset) => {
  test.each([false, "normalize", true] as const)(
    "gives the model's logits at every batch size (preprocess %s)",
    async (preprocess) => {
      const path = file(`same-${opset}-${preprocess}.onnx`);
      const written = await exportOnnx(tiny(), path, { opset, preprocess });
      expect(written.opset).toBe(opset);
      const report = await verifyOnnx(tiny(), path, { batches: [1, 3, 8] });
      expect(report.batches.map(({ size }) => size)).toEqual([1, 3, 8]);
      expect(report.maxAbsError).toBeLessThan(1e-5);
      for (const { top1Agreement } of report.batches) expect(top1Agreement).toBe(1);
    },
  );
});

test.each([
  ["mean of the patches", () => tiny({ globalPool: "avg", classToken: false })],
  ["attention pooling", () => tiny({ globalPool: "map", classToken: false })],
  ["registers and layer scale", () => createModel(vit, "vit_small_patch14_reg4_dinov2", small)],
  ["query-key norm", () => tiny({ qkNorm: true })],
  ["grey images", () => tiny({ inChans: 1 })],
  ["two heads", () => createModel(deit, "deit_tiny_distilled_patch16_224", small) as unknown as Model],
])("exports %s", async (what, make) => {
  const model = make() as Model;
  const path = file(`${what.replaceAll(" ", "-")}.onnx`);
  await exportOnnx(model, path, { preprocess: true });
  expect((await verifyOnnx(model, path)).maxAbsError).toBeLessThan(1e-5);
});

test("names inputs, outputs and dimensions as transformers.js reads them", async () => {
  await exportOnnx(tiny(), file("names.onnx"));
  const { inputs, outputs } = await describeModel(file("names.onnx"));
  expect(inputs).toEqual([{ name: "pixel_values", dtype: "float32", shape: ["batch", 3, 32, 32] }]);
  expect(outputs).toEqual([{ name: "logits", dtype: "float32", shape: ["batch", 5] }]);
});

test("takes bytes of any height and width with preprocess", async () => {
  await exportOnnx(tiny(), file("bytes.onnx"), { preprocess: true, softmax: true, features: true });
  const { inputs, outputs } = await describeModel(file("bytes.onnx"));
  expect(inputs).toEqual([{ name: "images", dtype: "uint8", shape: ["batch", "height", "width", 3] }]);
  expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["probabilities", ["batch", 5]],
    ["features", ["batch", 32]],
  ]);
});

test("fixes the batch size when told to", async () => {
  await exportOnnx(tiny(), file("fixed.onnx"), { batch: 4, layout: "nhwc", names: { input: "x", output: "y" } });
  const { inputs, outputs } = await describeModel(file("fixed.onnx"));
  expect(inputs[0]).toEqual({ name: "x", dtype: "float32", shape: [4, 32, 32, 3] });
  expect(outputs[0]).toEqual({ name: "y", dtype: "float32", shape: [4, 5] });
  expect((await verifyOnnx(tiny(), file("fixed.onnx"))).batches[0]!.size).toBe(4);
});

test("writes the same bytes for the same model", async () => {
  for (const name of ["a.onnx", "b.onnx"]) await exportOnnx(tiny(), file(name), { preprocess: true });
  expect((await readFile(file("a.onnx"))).equals(await readFile(file("b.onnx")))).toBe(true);
});

test("keeps the parameters' checkpoint keys", async () => {
  const { info } = await onnxModel(tiny());
  const names = new Set(info.constantNames!.values());
  for (const key of ["cls_token+pos_embed", "patch_embed.proj.weight", "blocks.0.mlp.fc1.weight", "head.bias"])
    expect(names).toContain(key);
});

test("says in its metadata how images are prepared and what the classes are", async () => {
  const model = tiny();
  model.classes = ["ant", "bee", "cat", "dog", "eel"];
  await exportOnnx(model, file("meta.onnx"));
  const { metadata } = await describeModel(file("meta.onnx"));
  expect(JSON.parse(metadata.get("classes")!)).toEqual(model.classes);
  expect(JSON.parse(metadata.get("preprocess")!)).toEqual(model.preprocess);
  expect(metadata.get("arch")).toBe("vit_tiny_patch16_224");
});

test("uses operators of ONNX alone, and no newer ones than the opset has", async () => {
  const modern = printGraph((await onnxModel(tiny({ globalPool: "avg", classToken: false }))).graph);
  const old = printGraph((await onnxModel(tiny({ globalPool: "avg", classToken: false }), { opset: 17 })).graph);
  expect(modern).not.toContain("com.microsoft");
  expect(modern).toContain("= Gelu(");
  expect(old).not.toContain("= Gelu(");
  expect(modern).toMatch(/= ReduceMean\(\w+, \[1\], keepdims=0\)/);
  expect(old).toMatch(/= ReduceMean\(\w+, keepdims=0, axes=\[1\]\)/);
});

test("puts weights in a second file above the limit it is given, and reads them back", async () => {
  const written = await exportOnnx(tiny(), file("apart.onnx"), { externalData: 10_000 });
  expect(written.data?.path).toBe(file("apart.onnx.data"));
  expect((await stat(file("apart.onnx.data"))).size).toBe(written.data!.bytes);
  expect(written.bytes).toBeLessThan(40_000);
  expect((await verifyOnnx(tiny(), file("apart.onnx"))).maxAbsError).toBeLessThan(1e-5);
  expect((await exportOnnx(tiny(), file("whole.onnx"), { externalData: 10_000_000 })).data).toBeUndefined();
});

test("exports a model that lives on another backend, and leaves that backend in use", async () => {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  try {
    const model = tiny();
    const tensors = tf.memory().numTensors;
    await exportOnnx(model, file("cpu.onnx"));
    expect(tf.getBackend()).toBe("cpu");
    expect(tf.memory().numTensors).toBe(tensors);
    expect((await verifyOnnx(model, file("cpu.onnx"))).maxAbsError).toBeLessThan(1e-5);
  } finally {
    await tf.setBackend("onnx");
  }
});

test("leaks no tensors", async () => {
  const model = tiny();
  const before = tf.memory().numTensors;
  await exportOnnx(model, file("leak.onnx"), { preprocess: true });
  await verifyOnnx(model, file("leak.onnx"));
  expect(tf.memory().numTensors).toBe(before);
});

test("fails verification against other parameters, naming the batch", async () => {
  await exportOnnx(tiny(), file("other.onnx"));
  await expect(verifyOnnx(tiny({ seed: 7 }), file("other.onnx"))).rejects.toThrow(
    /other\.onnx: differs from the model by .* on a batch of 1 random images/,
  );
});

test.each([
  [{ opset: 16 }, "opset must be 17 to 23, found 16"],
  [{ batch: 0 }, 'batch must be "dynamic" or 1 or more, found 0'],
  [{ preprocess: true, layout: "nchw" }, "leave layout out"],
  [{ names: { input: "same", output: "same" } }, "names must differ"],
] as const)("refuses %o", async (options, message) => {
  await expect(exportOnnx(tiny(), file("refused.onnx"), options)).rejects.toThrow(message);
  expect(await readdir(folder)).not.toContain("refused.onnx");
});

test("refuses class names that do not fit the head", async () => {
  const model = tiny();
  model.classes = ["one"];
  await expect(exportOnnx(model, file("refused.onnx"))).rejects.toThrow("5 outputs and 1 class names");
});

test("names the file that cannot be written", async () => {
  await expect(exportOnnx(tiny(), join(folder, "missing", "model.onnx"))).rejects.toThrow("missing");
});
