// Whether memory grows: a thousand training steps in one process (eleven minutes for the default model on two cores), with a
// loader, clipping, drop path and a moving average; resident memory and tensors on the way.

import { parseArgs } from "node:util";
import { tf } from "@vitrine/core";
import { arrayDataset, createLoader, trainTransform } from "@vitrine/data";
import { useOnnx } from "@vitrine/onnx";
import { createStep } from "@vitrine/train";
import { createModel } from "vitrine";
import { save, table } from "../harness/report.mjs";

const marks = [50, 100, 200, 400, 600, 800, 1000];

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: "string", default: "vit_small_patch16_224" },
      batch: { type: "string", default: "8" },
      img: { type: "string", default: "224" },
    },
  });
  const [batchSize, imgSize] = [values.batch, values.img].map(Number);
  await useOnnx({ threads: 2 });
  const model = await createModel(values.model, { imgSize, numClasses: 10, dropPathRate: 0.1 });
  const { mean, std, size } = model.preprocess;
  const step = createStep(model, {
    optimizer: { name: "adamw", weightDecay: 0.05 },
    mean,
    std,
    seed: 1,
    clipNorm: 1,
    ema: { decay: 0.999 },
  });
  const side = Math.round(imgSize * 1.25);
  const images = Array.from({ length: 256 }, (_, k) => ({
    data: Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.imul(i + k * 977, 2654435761) >>> 13) & 255),
    width: side,
    height: side,
    channels: 3,
  }));
  const data = arrayDataset({ images, labels: images.map((_, i) => i % 10), classes: [..."0123456789"] });
  const source = createLoader(data, {
    batchSize,
    transform: trainTransform({ size }),
    shuffle: true,
    seed: 1,
    workers: 1,
  });
  const rows = [];
  let steps = 0;
  for (let epoch = 0; steps < marks.at(-1); epoch++)
    for await (const batch of source.epoch(epoch)) {
      const targets = new Float32Array(batch.size * 10);
      batch.labels.forEach((label, i) => {
        targets[i * 10 + label] = 1;
      });
      step.run([{ ...batch, targets }], { learningRate: 1e-4 });
      steps++;
      if (marks.includes(steps)) {
        const { numTensors, numDataBuffers } = tf.memory();
        rows.push({ steps, rssMB: process.memoryUsage().rss / 1e6, numTensors, numDataBuffers });
        console.error(`  step ${steps}: ${rows.at(-1).rssMB.toFixed(0)} MB, ${numTensors} tensors`);
      }
      if (steps === marks.at(-1)) break;
    }
  await source.close();
  step.dispose();
  const growth = (Math.max(...rows.map((row) => row.rssMB)) / rows[0].rssMB - 1) * 100;
  const text = [
    table(
      ["steps", "resident MB", "tensors", "buffers"],
      rows.map((r) => [r.steps, r.rssMB.toFixed(0), r.numTensors, r.numDataBuffers]),
    ),
    `highest after step 50: ${growth.toFixed(1)} % above step 50`,
  ].join("\n");
  console.log(text);
  save("memory", { settings: values, rows, growthPercent: growth }, text);
}
