// A small ViT from scratch on CIFAR-10 photographs, with crops, flips, colour jitter, Mixup, CutMix and a moving average.
//
//   node examples/cifar10/dist/main.js FOLDER [--epochs 8] [--output runs/cifar10] [--resume]
//
// FOLDER is an image folder with `train` and `test` inside, each with a folder a class.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { assertSameClasses, createLoader, evalTransform, openDataset, trainTransform } from "@vitrine/data";
import { useOnnx } from "@vitrine/onnx";
import { barReporter, plainReporter, train } from "@vitrine/train";
import { createModel } from "vitrine";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: "string", default: "8" },
    output: { type: "string", default: join("runs", "cifar10") },
    resume: { type: "boolean", default: false },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: node examples/cifar10/dist/main.js FOLDER [--epochs N] [--output FOLDER] [--resume]");
  process.exit(2);
}

await useOnnx();
const learn = await openDataset(folder, { split: "train" });
const test = await openDataset(folder, { split: "test" });
assertSameClasses(learn, test);

const model = await createModel("vit_tiny_patch16_224", {
  imgSize: 32,
  patchSize: 4,
  embedDim: 128,
  depth: 6,
  numHeads: 4,
  mlpRatio: 2,
  numClasses: learn.classes.length,
  globalPool: "avg",
  classToken: false,
  dropPathRate: 0.05,
});
model.preprocess = {
  ...model.preprocess,
  cropPct: 1,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
};

const prepare = evalTransform(model.preprocess);
const augment = trainTransform({ size: prepare.size, crop: "pad", padding: 4, hflip: 0.5, colorJitter: 0.2 });
const source = createLoader(learn, { batchSize: 128, transform: augment, shuffle: true, dropLast: true, seed: 1 });
const testSource = createLoader(test, { batchSize: 250, transform: prepare });

// Ctrl-C finishes the step and saves; --resume goes on.
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const result = await train(model, {
  train: source,
  val: testSource,
  epochs: Number(values.epochs),
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 1e-3,
  schedule: { name: "cosine", warmupEpochs: 1, warmupLr: 1e-5, minLr: 1e-5, onUpdates: true },
  clipNorm: 1,
  ema: { decay: 0.998, warmup: true },
  mixup: { mixupAlpha: 0.2, cutmixAlpha: 1, prob: 0.5 },
  output: values.output,
  resume: values.resume,
  reporter: process.stdout.isTTY ? barReporter(process.stdout) : plainReporter(process.stdout, { logInterval: 100 }),
  signal: stop.signal,
});
await Promise.all([source.close(), testSource.close()]);

console.log(`\n${(result.seconds / 60).toFixed(1)} minutes. ${join(values.output, "report.html")} shows the run.`);
if (result.interrupted) process.exitCode = 130;
