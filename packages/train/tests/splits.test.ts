// Training on several images of each sample: the consistency loss, what is counted, going on, and what is refused.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, type BatchSource, Rng } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readTensors } from "../src/checkpoint.ts";
import { evaluate } from "../src/evaluate.ts";
import { Ledger } from "../src/ledger.ts";
import type { TrainOptions } from "../src/options.ts";
import { prepareBatch } from "../src/prepare.ts";
import { createStep } from "../src/step/create.ts";
import type { StepBatch, StepOptions } from "../src/step.ts";
import { train } from "../src/trainer.ts";
import { useCpu } from "./fixtures.ts";
import { plainModel } from "./plain-model.ts";
import { tinyModel } from "./tiny-model.ts";
import { type TinySourceOptions, tinySource } from "./tiny-source.ts";

let folder: string;

beforeEach(async () => {
  await useCpu();
  folder = await mkdtemp(join(tmpdir(), "vitrine-splits-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Each image of the tiny data, and `splits - 1` noisy ones of it. */
function splitSource(splits: number, options: TinySourceOptions = {}): BatchSource & { read: string[] } {
  const change = (batch: Batch, epoch: number) => {
    const { size, images, labels, indices } = batch;
    const each = images.length / size;
    const parts = Array.from({ length: splits }, (_, part) =>
      images.map((value, i) => {
        const noise = Rng.of(epoch, indices[Math.floor(i / each)]!, part, i % each).int(60);
        return part === 0 ? value : Math.min(255, value + noise);
      }),
    );
    batch.images = Uint8Array.from(parts.flatMap((part) => [...part]));
    batch.labels = Int32Array.from(parts.flatMap(() => [...labels]));
    batch.indices = Int32Array.from(parts.flatMap(() => [...indices]));
    batch.size = size * splits;
    batch.splits = splits;
  };
  return { ...tinySource({ ...options, change }), splits };
}

const base = {
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 5e-3,
  schedule: { name: "cosine", warmupEpochs: 0 },
  jsdLoss: true,
} as const satisfies Partial<TrainOptions>;

const weightsOf = async (run: string) => {
  const state = await readTensors(join(run, "weights", "last.safetensors"));
  return new Map([...state].map(([path, { data }]) => [path, Array.from(data)]));
};

test.each(["cpu", "onnx"])("learns (%s), and the run folder says how", async (engine) => {
  if (engine === "onnx") await useOnnx();
  const output = join(folder, "run");
  const result = await train(tinyModel(), {
    ...base,
    train: splitSource(3),
    val: tinySource({ seed: 2, length: 12, shuffle: false }),
    epochs: 5,
    output,
    jsdLoss: { alpha: 6 },
    erasing: { prob: 0.5, splits: 3 },
  });
  const [first, last] = [result.history[0]!, result.history.at(-1)!];
  expect(last.trainLoss).toBeLessThan(0.9 * first.trainLoss);
  expect(last.trainTop1).toBeGreaterThan(40);
  expect(last.samples).toBe(96);
  expect(last.eval!.samples).toBe(12);
  expect(parse(await readFile(join(output, "args.yaml"), "utf8"))).toMatchObject({
    jsdLoss: { alpha: 6 },
    erasing: { splits: 3 },
    train: { samples: 32, batchSize: 8, splits: 3 },
    learningRate: 5e-3,
  });
});

test("goes on after an interrupt to the weights of a run that never stopped", async () => {
  const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
  const common = { ...base, epochs: 2, accumulate: 2, erasing: { prob: 0.6, mode: "pixel", splits: 3 } } as const;
  // The last batch of an epoch holds 2 samples.
  const source = () => splitSource(3, { length: 30, batchSize: 4 });
  const model = () => tinyModel({ dropPathRate: 0.3 });
  await train(model(), { ...common, train: source(), output: whole });

  const stop = new AbortController();
  let steps = 0;
  const first = await train(model(), {
    ...common,
    train: source(),
    output: parts,
    signal: stop.signal,
    reporter: {
      event: ({ type }) => {
        if (type === "step" && ++steps === 6) stop.abort();
      },
    },
  });
  expect(first.interrupted).toBe(true);
  await expect(
    train(model(), {
      ...common,
      train: splitSource(2, { length: 30, batchSize: 4 }),
      erasing: { prob: 0 },
      output: parts,
      resume: true,
    }),
  ).rejects.toThrow("the run was started with splits 3, found 2");
  const left = source();
  await train(model(), { ...common, train: left, output: parts, resume: true });
  expect(left.read[0]).toBe("1/4");
  expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
});

test("counts the clean images' accuracy", () => {
  const ledger = new Ledger({ classes: 2, maxSkipped: 1, metric: "train_loss" });
  const batch: Batch = {
    ...{ images: new Uint8Array(6), size: 6, height: 1, width: 1, channels: 1, splits: 3 },
    labels: Int32Array.of(0, 1, 0, 1, 0, 1),
    indices: Int32Array.of(5, 8, 5, 8, 5, 8),
  };
  // The clean images are told apart, the others are not.
  const logits = [Float32Array.of(2, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0)];
  const result = { loss: 1, logits, samples: 6, gradNorm: 1, applied: true };
  ledger.step([batch], result, { seconds: 1, judge: true, learningRate: 1 });
  expect(ledger.averages).toEqual({ loss: 1, top1: 100 });
});

describe.each(["host", "graph"] as const)("the %s step", (update) => {
  test("accumulates micro-batches of whole samples to what one batch of them gives", async () => {
    await useOnnx();
    const optimizer = { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } as const;
    const half = [0.5, 0.5, 0.5];
    const options: StepOptions = { optimizer, mean: half, std: half, seed: 1, jsd: { splits: 3 }, update };
    const run = async (batchSize: number, length = 6) => {
      const how = { classes: 4, smoothing: 0.1, seed: 1, mixup: undefined };
      const batches: StepBatch[] = [];
      for await (const batch of splitSource(3, { length, batchSize }).epoch(0))
        batches.push(prepareBatch(batch, how, 0, batches.length));
      const step = createStep(plainModel(), options);
      const { loss, gradNorm, samples } = step.run(batches, { learningRate: 0.1 });
      const params = [...step.snapshot().params.values()].flatMap(({ data }) => [...data]);
      step.dispose();
      return { count: batches.length, loss, gradNorm, samples, params };
    };
    const whole = await run(6);
    const parts = await run(4);
    expect([whole.count, parts.count, whole.samples, parts.samples]).toEqual([1, 2, 18, 18]);
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    expect(parts.gradNorm).toBeCloseTo(whole.gradNorm, 4);
    parts.params.forEach((value, i) => {
      expect(Math.abs(value - whole.params[i]!)).toBeLessThan(1e-5);
    });
  });
});

describe("refuses", () => {
  const options = (more: Partial<TrainOptions>): TrainOptions => ({
    ...base,
    train: splitSource(3),
    epochs: 1,
    ...more,
  });
  const refused = (more: Partial<TrainOptions>) => expect(train(tinyModel(), options(more))).rejects;

  test("the loss where there is one image of a sample", async () => {
    await refused({ train: tinySource() }).toThrow(
      "train: jsdLoss compares several images of each sample, train gives one; make its loader with splits",
    );
    await refused({ train: { ...tinySource(), splits: 1 } }).toThrow(
      "train.splits must be a whole number of at least 2, found 1; for one image a sample leave it out",
    );
  });

  test("what it does not go with", async () => {
    await refused({ mixup: { mixupAlpha: 0.2 } }).toThrow("mixup and CutMix do not go with the 3 images");
    await refused({ mixup: { cutmixAlpha: 1 }, jsdLoss: false }).toThrow("leave out mixup, or the loader's splits");
    const teacher = ({ size }: StepBatch) => new Float32Array(size * 4);
    await refused({ distillation: { kind: "soft", teacher } }).toThrow("jsdLoss and distillation are two losses");
    await refused({ erasing: { prob: 0.2, splits: 2 } }).toThrow("erasing.splits is 2, but train gives 3 images");
    await refused({ jsdLoss: { alpha: -1 } }).toThrow("jsdLoss.alpha must be 0 or more, found -1");
    await refused({ val: splitSource(2) }).toThrow("val gives 2 images of each sample, and each must count once");
    await expect(evaluate(tinyModel(), splitSource(2))).rejects.toThrow("the source gives 2 images of each sample");
  });

  test("batches that are not what their source says", async () => {
    await refused({ train: { ...tinySource(), splits: 3 } }).toThrow(
      "expected batches of 3 parts with the same samples in the same order (train.splits is 3), found 8 images and Batch.splits 1",
    );
    const { splits: _, ...unsaid } = splitSource(3);
    await refused({ train: unsaid, jsdLoss: false }).toThrow(
      "expected batches of one image of each sample (train.splits is 1), found 24 images and Batch.splits 3",
    );
    const mixedUp = (batch: Batch) => {
      batch.splits = 2;
    };
    await refused({ train: { ...tinySource({ change: mixedUp }), splits: 2 } }).toThrow(
      "found 8 images and Batch.splits 2",
    );
  });
});

test("trains on all images alike without the loss, with a teacher too", async () => {
  const teacher = ({ size }: StepBatch) => new Float32Array(size * 4);
  const { jsdLoss: _, ...plain } = base;
  const options = { ...plain, train: splitSource(2), epochs: 1, distillation: { kind: "soft", teacher } } as const;
  expect((await train(tinyModel(), options)).history[0]!.samples).toBe(64);
});
