// 10 GB of shards read once, and the memory while that goes on. The shards are links to one file, so the disk holds
// that only.

import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createStreamLoader, evalTransform, streamWebdataset } from "@vitrine/data";
import { photographs } from "../harness/photographs.mjs";
import { save, table } from "../harness/report.mjs";
import { at, say } from "../harness/settings.mjs";

export async function run(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      gigabytes: { type: "string", default: "10" },
      workers: { type: "string", default: "2" },
      batch: { type: "string", default: "64" },
      buffer: { type: "string", default: "1000" },
      size: { type: "string", default: "32" },
    },
  });
  const [gigabytes, workers, batchSize, shuffle, size] = ["gigabytes", "workers", "batch", "buffer", "size"].map(
    (key) => Number(values[key]),
  );
  const data = await photographs(undefined, say);
  mkdirSync(at(".cache"), { recursive: true });
  const folder = mkdtempSync(at(".cache/stream-"));
  try {
    const shard = join(folder, "shard-000000.tar");
    writeFileSync(shard, tarOf(data));
    const bytes = statSync(shard).size;
    const count = Math.ceil((gigabytes * 1e9) / bytes);
    for (let i = 1; i < count; i++) linkSync(shard, join(folder, `shard-${String(i).padStart(6, "0")}.tar`));
    const classes = Array.from({ length: 10 }, (_, c) => String(c));
    const stream = await streamWebdataset(folder, { classes });
    const transform = evalTransform({ size });
    const loader = createStreamLoader(stream, { batchSize, transform, shuffle, workers, seed: 1, reuseAfter: 2 });
    say(`stream: ${count} shards of ${(bytes / 1e6).toFixed(0)} MB, ${((count * bytes) / 1e9).toFixed(1)} GB in all`);
    const samples = [];
    const start = performance.now();
    let images = 0;
    let next = 0;
    const total = count * perShard;
    for await (const batch of loader.epoch(0)) {
      images += batch.size;
      if (images < next) continue;
      next += total / 20;
      const { rss } = process.memoryUsage();
      samples.push({
        gigabytes: (images / total) * gigabytes,
        seconds: (performance.now() - start) / 1000,
        rssMB: rss / 1e6,
      });
      const { gigabytes: read, seconds, rssMB } = samples.at(-1);
      say(`  ${read.toFixed(1)} GB, ${seconds.toFixed(0)} s, ${rssMB.toFixed(0)} MB`);
    }
    await loader.close();
    if (images !== total) throw new Error(`expected ${total} images, found ${images}`);
    const late = samples.slice(Math.floor(samples.length / 4)).map(({ rssMB }) => rssMB);
    const text = [
      table(
        ["GB read", "seconds", "RSS MB"],
        samples.map((row) => [row.gigabytes.toFixed(1), row.seconds.toFixed(0), row.rssMB.toFixed(0)]),
      ),
      `${images} images; after the first quarter between ${Math.min(...late).toFixed(0)} and ${Math.max(...late).toFixed(0)} MB`,
    ].join("\n");
    console.log(`\n${text}`);
    save("stream", { settings: values, images, samples }, text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const perShard = 500;

/** A tar file of the first pictures and their classes. */
function tarOf(data) {
  const pieces = [];
  const root = join(data, "train");
  const files = readdirSync(root).flatMap((name) =>
    readdirSync(join(root, name)).map((file) => join(root, name, file)),
  );
  for (let i = 0; i < perShard; i++) {
    const name = String(i).padStart(6, "0");
    pieces.push(...entry(`${name}.cls`, Buffer.from(String(i % 10))), ...entry(`${name}.jpg`, readFileSync(files[i])));
  }
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

function entry(name, content) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.fill(" ", 148, 156);
  header.write("0ustar\x0000", 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
