import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModel, type Model, Rng } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { vit } from "@vitrine/vit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExportOptions, exportOnnx } from "./export-onnx.ts";
import type { Pixels } from "./pixels.ts";
import { Predictor } from "./predictor.ts";

const classes = ["ant", "bee", "cat", "dog"];
let folder: string;
let model: Model;
beforeAll(async () => {
  await useOnnx();
  folder = await mkdtemp(join(tmpdir(), "vitrine-predictor-"));
  model = createModel(vit, "vit_tiny_patch16_224", {
    imgSize: 32,
    embedDim: 32,
    depth: 2,
    numHeads: 2,
    numClasses: 4,
  }) as Model;
  model.classes = classes;
});
afterAll(() => rm(folder, { recursive: true }));

const image = (seed: number, width = 32, height = 32): Pixels => {
  const rng = Rng.of(seed);
  return { width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, () => rng.int(256)) };
};
const images = [image(1), image(2), image(3), image(4), image(5)];

async function opened(name: string, options: ExportOptions = {}): Promise<Predictor> {
  await exportOnnx(model, join(folder, name), options);
  return Predictor.open(join(folder, name));
}

test("gives labels and scores, the likeliest first", async () => {
  const predictor = await opened("plain.onnx");
  const [first] = await predictor.predict([images[0]!], { topK: 10 });
  expect(first!.map(({ label }) => label).sort()).toEqual(classes);
  expect(first!.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
  for (const [i, { label, index, score }] of first!.entries()) {
    expect(classes[index]).toBe(label);
    if (i > 0) expect(score).toBeLessThanOrEqual(first![i - 1]!.score);
  }
  predictor.dispose();
});

test("gives the same scores however the file was written and however images are batched", async () => {
  const inMemory = await Predictor.of(model);
  const expected = await inMemory.probabilities(images);
  inMemory.dispose();
  const forms: ExportOptions[] = [
    {},
    { layout: "nhwc" },
    { softmax: true },
    { preprocess: "normalize" },
    { batch: 2 },
    { externalData: true },
  ];
  for (const [i, options] of forms.entries()) {
    const predictor = await opened(`form-${i}.onnx`, options);
    const found = await predictor.probabilities(images, { batchSize: 2 });
    for (const [n, row] of found.entries())
      for (const [c, score] of row.entries()) expect(score, JSON.stringify(options)).toBeCloseTo(expected[n]![c]!, 5);
    predictor.dispose();
  }
});

test("feeds images of any size, in their order, to a file that resizes itself", async () => {
  const predictor = await opened("full.onnx", { preprocess: true });
  expect(predictor.preprocess).toBeUndefined();
  const mixed = [image(1, 40, 50), image(2, 40, 50), image(3, 90, 20), image(4, 40, 50)];
  const together = await predictor.probabilities(mixed);
  for (const [i, one] of mixed.entries())
    for (const [c, score] of (await predictor.probabilities([one]))[0]!.entries())
      expect(together[i]![c]).toBeCloseTo(score, 5);
  predictor.dispose();
});

test("decodes with what it is given", async () => {
  const asked: unknown[] = [];
  const predictor = await Predictor.of(model, {
    decode(source, preprocess) {
      asked.push([source, preprocess?.size]);
      return images[0]!;
    },
  });
  expect(await predictor.predict(["cat.jpg"])).toEqual(await predictor.predict([images[0]!]));
  expect(asked).toEqual([["cat.jpg", [32, 32]]]);
  predictor.dispose();
});

test("opens the file of a run folder", async () => {
  const run = join(folder, "run");
  await mkdir(run);
  await expect(Predictor.open(run)).rejects.toThrow("holds no ONNX file");
  await exportOnnx(model, join(run, "model.onnx"));
  const predictor = await Predictor.open(run);
  expect(predictor.classes).toEqual(classes);
  predictor.dispose();
});

test("says what is missing", async () => {
  const predictor = await opened("strict.onnx");
  await expect(predictor.predict(["cat.jpg"])).rejects.toThrow("give Predictor.open a `decode` option");
  await expect(predictor.predict([image(1, 20, 20)])).rejects.toThrow("expected pixels of 32 x 32");
  await expect(predictor.predict([images[0]!], { topK: 0 })).rejects.toThrow("topK must be 1 or more, found 0");
  await expect(predictor.predict([images[0]!], { batchSize: 0 })).rejects.toThrow("batchSize must be 1 or more");
  await expect(predictor.predict([{ ...images[0]!, channels: 1, data: new Uint8Array(1024) }])).rejects.toThrow(
    "3 channels",
  );
  predictor.dispose();
  await writeFile(join(folder, "text.onnx"), "not a model");
  await expect(Predictor.open(join(folder, "text.onnx"))).rejects.toThrow("is not an ONNX file");
});
