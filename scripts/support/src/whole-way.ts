// The whole way of a user with a family's tiny model: train on real images, export, run the file; and what came of it, as
// facts that a table of all families is made from.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "@vitrine/core";
import { exportOnnx, type OnnxFile, type VerifyReport, verifyOnnx } from "@vitrine/export";
import { evaluate, train } from "@vitrine/train";
import { digits } from "./real-images.ts";

export interface Learned {
  steps: number;
  /** Mean training loss of the first and the last epoch. */
  firstLoss: number;
  lastLoss: number;
  /** Right answers on images that were not trained on, of 100. */
  top1Before: number;
  top1After: number;
}

const batchSize = 16;
const stepsAnEpoch = 60;
const epochs = 4;

/** Trains on digits for 240 steps of 16 images, and tells how far it came on 300 others. */
export async function learnDigits(model: Model, learningRate = 2e-3): Promise<Learned> {
  const source = await digits(model, "train", { count: stepsAnEpoch * batchSize, batchSize });
  const unseen = await digits(model, "test", { count: 300, batchSize: 50 });
  const before = await evaluate(model, unseen);
  const { history } = await train(model, {
    train: source,
    epochs,
    optimizer: { name: "adamw", weightDecay: 0.05 },
    learningRate,
    schedule: { name: "cosine", warmupEpochs: 1, warmupLr: 1e-4, minLr: 1e-5, onUpdates: true },
    clipNorm: 1,
    smoothing: 0,
  });
  const after = await evaluate(model, unseen);
  return {
    steps: epochs * stepsAnEpoch,
    firstLoss: history[0]!.trainLoss,
    lastLoss: history.at(-1)!.trainLoss,
    top1Before: before.top1,
    top1After: after.top1,
  };
}

/** The batches that an exported file is run with. */
export const exportedBatches: readonly number[] = [1, 3, 8];

/** Exports with a symbolic batch and compares the file's logits with the model's. @throws VitrineError where they differ. */
export async function exportAndVerify(model: Model): Promise<{ file: OnnxFile; report: VerifyReport }> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-export-"));
  try {
    const file = await exportOnnx(model, join(folder, "model.onnx"));
    return { file, report: await verifyOnnx(model, file.path, { batches: exportedBatches }) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
