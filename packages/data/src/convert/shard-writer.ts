// TFRecord and WebDataset shards, one after the other, each up to a size or a share of the samples.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { encodeExample } from "../shards/example.ts";
import { padding, tarHeader } from "../shards/tar-file.ts";
import { frameRecord } from "../shards/tfrecord-file.ts";
import type { OutputSample, SplitWriter } from "./writer.ts";

export interface ShardPlan {
  format: "tfrecord" | "webdataset";
  classes: readonly string[];
  gzip: boolean;
  /** A shard ends when it would grow beyond this, or ... */
  maxBytes: number;
  /** ... where the samples are dealt out evenly: how many shards, for how many samples. */
  shards?: { count: number; samples: number };
}

export function shardWriter(root: string, split: string, plan: ShardPlan): SplitWriter {
  const parts: { path: string; samples: number }[] = [];
  let shard: Shard | undefined;
  let number = 0;

  const isFull = (bytes: number) => {
    if (shard === undefined || shard.samples === 0) return false;
    if (plan.shards === undefined) return shard.bytes + bytes > plan.maxBytes;
    const { count, samples } = plan.shards;
    return Math.floor((number * count) / samples) > parts.length;
  };
  const close = async () => {
    if (shard === undefined) return;
    const { path, samples } = shard;
    await shard.end();
    parts.push({ path, samples });
    shard = undefined;
  };
  return {
    async add(sample) {
      const pieces =
        plan.format === "tfrecord" ? tfrecord(sample, plan.classes) : tarEntries(sample, number, plan.classes);
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (isFull(bytes)) await close();
      shard ??= new Shard(join(root, `.${split || "data"}-${parts.length}.part`), plan.gzip);
      for (const piece of pieces) await shard.write(piece);
      shard.samples++;
      number++;
    },
    async finish() {
      await close();
      const files: string[] = [];
      for (const [i, { path }] of parts.entries()) {
        const name = shardName(split || "data", i, parts.length, plan);
        await rename(path, join(root, name));
        files.push(name);
      }
      return { files, lengths: parts.map(({ samples }) => samples) };
    },
    async abandon() {
      await shard?.end().catch(() => {});
    },
  };
}

function shardName(split: string, i: number, count: number, { format, gzip }: ShardPlan): string {
  const digits = (n: number, width: number) => String(n).padStart(width, "0");
  const name =
    format === "tfrecord" ? `${split}-${digits(i, 5)}-of-${digits(count, 5)}.tfrecord` : `${split}-${digits(i, 6)}.tar`;
  return gzip ? `${name}.gz` : name;
}

/** The features of TensorFlow's own ImageNet files. */
function tfrecord({ source, label, bytes, extension }: OutputSample, classes: readonly string[]): Uint8Array[] {
  const example = encodeExample({
    "image/encoded": bytes,
    "image/format": extension === "jpg" ? "jpeg" : extension,
    "image/class/label": label,
    "image/class/text": classes[label]!,
    "image/filename": nameOf(source),
  });
  return [frameRecord(example)];
}

/** `000000017.jpg`, `.cls` with the index, `.json` with the name of the class and where the image came from. */
function tarEntries(
  { source, label, bytes, extension }: OutputSample,
  number: number,
  classes: readonly string[],
): Uint8Array[] {
  const key = String(number).padStart(9, "0");
  const text = (value: string) => new TextEncoder().encode(value);
  const json = JSON.stringify({ label, class_name: classes[label]!, filename: nameOf(source) });
  return [
    ...entry(`${key}.${extension}`, bytes),
    ...entry(`${key}.cls`, text(String(label))),
    ...entry(`${key}.json`, text(json)),
  ];
}

function entry(name: string, bytes: Uint8Array): Uint8Array[] {
  return [tarHeader(name, bytes.length), bytes, new Uint8Array(padding(bytes.length))];
}

/** The last part of a path, without the shard it lay in: folders of this machine are nobody else's business. */
function nameOf(source: string): string {
  const last = source.split(/[/\\]/).at(-1)!;
  return last.replace(/^.*\.(tar|tgz|gz|tfrecords?|tfrec)(-\d+-of-\d+)?#/, "");
}

/** A file that is written piece by piece; the writer waits where the disk is slow. */
class Shard {
  readonly path: string;
  bytes = 0;
  samples = 0;
  readonly #input = new PassThrough({ highWaterMark: 1 << 20 });
  readonly #done: Promise<void>;

  constructor(path: string, gzip: boolean) {
    this.path = path;
    const file = createWriteStream(path, { flags: "wx", highWaterMark: 1 << 20 });
    this.#done = gzip ? pipeline(this.#input, createGzip(), file) : pipeline(this.#input, file);
    // The error is thrown where the writer waits next.
    this.#done.catch(() => {});
  }

  async write(piece: Uint8Array): Promise<void> {
    this.bytes += piece.length;
    // A full disk ends the pipeline, and then nothing drains any more.
    if (this.#input.destroyed) return this.#done;
    if (!this.#input.write(piece)) await Promise.race([once(this.#input, "drain"), this.#done]);
  }

  end(): Promise<void> {
    this.#input.end();
    return this.#done;
  }
}
