// The whole trainer as a peer: image files, decoding and augmentation in workers, logging and a moving average, let through
// a few steps at a time.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createLoader, openDataset, trainTransform, writeImage } from "@vitrine/data";
import { useOnnx } from "@vitrine/onnx";
import { plainReporter, train } from "@vitrine/train";
import { createModel } from "vitrine";

const { values: args } = parseArgs({
  options: {
    model: { type: "string", default: "vit_small_patch16_224" },
    batch: { type: "string", default: "8" },
    img: { type: "string", default: "224" },
    threads: { type: "string", default: "2" },
  },
});
const [batch, img, threads] = [args.batch, args.img, args.threads].map(Number);
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await writePhotographs(join(folder, "data"));

await useOnnx({ threads });
const model = await createModel(args.model, { imgSize: img });
const data = await openDataset(join(folder, "data"), {});
const loader = createLoader(data, {
  batchSize: batch,
  transform: trainTransform({ size: model.preprocess.size }),
  shuffle: true,
  dropLast: true,
  seed: 1,
});

// Batches pass only while steps have been asked for.
let allowed = 0;
let wake = () => {};
const gated = {
  ...pick(loader),
  classes: Array.from({ length: 1000 }, (_, i) => String(i)),
  async *epoch(epoch, start) {
    for await (const item of loader.epoch(epoch, start)) {
      while (allowed === 0)
        await new Promise((resolve) => {
          wake = resolve;
        });
      allowed--;
      yield item;
    }
  },
};
function pick(source) {
  return { length: source.length, batchSize: source.batchSize, batches: source.batches, close: () => source.close() };
}

let onStep = () => {};
const log = plainReporter({ write: () => true }, { logInterval: 1 });
const stop = new AbortController();
send({ ready: true, threads, versions: { node: process.version } });
const training = train(model, {
  train: gated,
  epochs: 1000,
  optimizer: { name: "adamw", weightDecay: 0.05 },
  learningRate: 1e-4,
  smoothing: 0,
  ema: { decay: 0.9998 },
  reporter: {
    event: (event) => {
      log.event(event);
      if (event.type === "step") onStep(event);
    },
  },
  signal: stop.signal,
});

for await (const line of createInterface({ input: process.stdin })) {
  const { run } = JSON.parse(line);
  const ms = [];
  let last = performance.now();
  await new Promise((resolve) => {
    onStep = () => {
      const now = performance.now();
      ms.push(now - last);
      last = now;
      if (ms.length === run) resolve();
    };
    allowed = run;
    wake();
  });
  send({ ms, rss_mb: process.memoryUsage().rss / 1e6, peak_mb: process.resourceUsage().maxRSS / 1e3 });
}
stop.abort();
allowed = Number.POSITIVE_INFINITY;
wake();
await training.catch(() => {});
process.exit(0);

/** 400 JPEGs of 320x240 with smooth shapes, as large on disk as photographs of that size. */
async function writePhotographs(root) {
  for (let i = 0; i < 400; i++) {
    const [width, height] = [320, 240];
    const data = new Uint8Array(width * height * 3);
    for (let y = 0, k = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++)
          data[k++] =
            127 +
            90 * Math.sin((x * (c + 1) + i * 13) / 23) * Math.cos((y + i * 7) / 17) +
            ((Math.imul(k + i, 2654435761) >>> 20) & 31);
    const to = join(root, `class${i % 4}`);
    mkdirSync(to, { recursive: true });
    await writeImage({ data, width, height, channels: 3 }, join(to, `${i}.jpg`));
  }
}
