// How long training waits for data: a few updates of the whole trainer on image files, and the time of each and of its
// wait.

import { parseArgs } from "node:util";
import { createLoader, openDataset, trainTransform } from "@vitrine/data";
import { useOnnx } from "@vitrine/onnx";
import { train } from "@vitrine/train";
import { createModel } from "vitrine";

const { values: args } = parseArgs({
  options: {
    data: { type: "string" },
    model: { type: "string", default: "rcvit_xs" },
    batch: { type: "string", default: "16" },
    threads: { type: "string", default: "2" },
    workers: { type: "string", default: "2" },
    steps: { type: "string", default: "12" },
  },
});
const steps = Number(args.steps);
await useOnnx({ threads: Number(args.threads) });
const data = await openDataset(args.data, { split: "train" });
const model = await createModel(args.model, { numClasses: data.classes.length });
const loader = createLoader(data, {
  batchSize: Number(args.batch),
  transform: trainTransform({ size: model.preprocess.size, autoAugment: "rand-m9-mstd0.5-inc1" }),
  shuffle: true,
  dropLast: true,
  workers: Number(args.workers),
  reuseAfter: 3,
});
const warmUp = 3;
const updates = [];
await train(model, {
  train: loader,
  epochs: 1,
  limitTrain: warmUp + steps,
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 1e-4,
  reporter: {
    event(event) {
      if (event.type === "step") updates.push([event.stepSeconds.val, event.dataSeconds.val]);
    },
  },
});
await loader.close();
const measured = updates.slice(warmUp);
const sum = (at) => measured.reduce((total, times) => total + times[at], 0);
process.stdout.write(`${JSON.stringify({ steps: measured.length, stepSeconds: sum(0), waitSeconds: sum(1) })}\n`);
process.exit(0);
