// Our loader as a peer: a step is one batch.

import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createLoader, evalTransform, openDataset, trainTransform } from "@vitrine/data";

const { values: args } = parseArgs({
  options: {
    data: { type: "string" },
    batch: { type: "string", default: "64" },
    workers: { type: "string", default: "2" },
    mode: { type: "string", default: "train" },
    cache: { type: "string" },
  },
});
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const transform =
  args.mode === "train"
    ? trainTransform({ size: 224, autoAugment: "rand-m9-mstd0.5-inc1" })
    : evalTransform({ size: 224, interpolation: "bicubic" });
const loader = createLoader(await openDataset(args.data, { split: "train" }), {
  batchSize: Number(args.batch),
  transform,
  shuffle: args.mode === "train",
  dropLast: true,
  workers: Number(args.workers),
  reuseAfter: 2,
  ...(args.cache === undefined ? {} : { cache: args.cache }),
});
send({ ready: true, workers: loader.workers, versions: { node: process.version } });

async function* forever() {
  for (let epoch = 0; ; epoch++) yield* loader.epoch(epoch);
}
const batches = forever();
/** More batches than any of the peers makes ahead. */
const drained = 6;
for await (const line of createInterface({ input: process.stdin })) {
  const { run } = JSON.parse(line);
  const ms = [];
  // What was made ahead while another peer had its turn does not count.
  for (let i = 0; i < drained; i++) await batches.next();
  for (let i = 0; i < run; i++) {
    const start = performance.now();
    const { value } = await batches.next();
    if (value.size !== Number(args.batch)) throw new Error(`expected ${args.batch} images, found ${value.size}`);
    ms.push(performance.now() - start);
  }
  const { rss } = process.memoryUsage();
  send({ ms, rss_mb: rss / 1e6, peak_mb: process.resourceUsage().maxRSS / 1e3 });
}
await loader.close();
