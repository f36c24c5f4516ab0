// Our side of the step benchmarks, speaking the peers' protocol: one model, one fixed batch, a step when asked.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { jit, sizeOf, specLeaves, tf } from "@vitrine/core";
import { useOnnx } from "@vitrine/onnx";
import { createStep } from "@vitrine/train";
import { createModel } from "vitrine";

const { values: args } = parseArgs({
  options: {
    model: { type: "string", default: "vit_small_patch16_224" },
    batch: { type: "string", default: "8" },
    img: { type: "string", default: "224" },
    threads: { type: "string", default: "2" },
    mode: { type: "string", default: "train" },
    update: { type: "string" },
  },
});
const [batch, img, threads] = [args.batch, args.img, args.threads].map(Number);
const classes = 1000;

await useOnnx({ threads });
const model = await createModel(args.model, { imgSize: img, numClasses: classes });
const step = args.mode === "infer" ? inference() : training();
let setup;

function training() {
  // Every parameter decays, as the peers do it.
  const { mean, std } = model.preprocess;
  const optimizer = { name: "adamw", weightDecay: 0.05 };
  const compiled = createStep(model, {
    optimizer,
    mean,
    std,
    seed: 1,
    ...(args.update ? { update: args.update } : {}),
  });
  const images = Uint8Array.from({ length: batch * img * img * 3 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
  const targets = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) targets[i * classes + ((i * 37) % classes)] = 1;
  const input = { images, size: batch, height: img, width: img, channels: 3, targets };
  return () => compiled.run([input], { learningRate: 1e-4 }).loss;
}

function inference() {
  const x = tf.tensor4d(
    Float32Array.from({ length: batch * img * img * 3 }, (_, i) => Math.sin(i * 0.37)),
    [batch, img, img, 3],
  );
  const forward = jit((params, images) => model.logits(images, undefined, params), { fixed: [0] });
  return () =>
    tf.tidy(() => {
      const logits = forward(model.params, x);
      return logits.dataSync()[0];
    });
}

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const params = specLeaves(model.spec).reduce((sum, [, leaf]) => sum + sizeOf(leaf.shape), 0);
send({ ready: true, params, threads, versions: { node: process.version } });

for await (const line of createInterface({ input: process.stdin })) {
  const { run } = JSON.parse(line);
  const ms = [];
  let loss;
  for (let i = 0; i < run; i++) {
    const start = performance.now();
    loss = step();
    ms.push(performance.now() - start);
  }
  // The first step traces the model and opens the session; what is above a later step is their cost.
  setup ??= ms.length > 1 ? ms[0] - ms[1] : undefined;
  send({ ms, loss, setup_ms: setup, rss_mb: process.memoryUsage().rss / 1e6, peak_mb: peak() });
}

function peak() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1e3;
  } catch {
    return process.resourceUsage().maxRSS / 1e3;
  }
}
