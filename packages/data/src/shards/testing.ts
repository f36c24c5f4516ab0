// For tests of shards: images that are told apart by their bytes, archives of them, and what readers give.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Dataset } from "../datasets/dataset.ts";
import type { BadRecord, SampleStream } from "../datasets/stream.ts";
import { padding, tarHeader } from "./tar-file.ts";

/** Shards that other programs wrote. */
export const fixtures = join(import.meta.dirname, "../__fixtures__/shards");

/** Bytes that begin as a JPEG file does; the second one tells which they are. */
export const image = (i: number, length = 50) =>
  Uint8Array.from({ length }, (_, k) => (k === 0 ? 0xff : (i * 7 + k) & 255));

/** A file of a tar archive. */
export function tarFile(name: string, data: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(data);
  return Buffer.concat([tarHeader(name, bytes.length), bytes, new Uint8Array(padding(bytes.length))]);
}

/** What a tar archive ends with. */
export const tarEnd = new Uint8Array(1024);

/** A whole archive. */
export const tar = (...files: Uint8Array[]) => Buffer.concat([...files, tarEnd]);

/** The second byte and the label of every image. Whoever reads bytes at their place must find the same ones. */
export async function contents(dataset: Dataset): Promise<[number, number][]> {
  const out: [number, number][] = [];
  for (let i = 0; i < dataset.length; i++) {
    const bytes = (await dataset.load(i)) as Uint8Array;
    const place = dataset.place!(i)!;
    const file = await readFile(place.file);
    expect(Buffer.from(bytes).equals(file.subarray(place.offset, place.offset + place.length))).toBe(true);
    out.push([bytes[1]!, dataset.label(i)]);
  }
  return out;
}

/** What comes of all shards, `skip` samples of each left out. */
export async function streamed(
  stream: SampleStream,
  skip = 0,
): Promise<{ keys: string[]; labels: number[]; bad: BadRecord[] }> {
  const out = { keys: [] as string[], labels: [] as number[], bad: [] as BadRecord[] };
  for (let shard = 0; shard < stream.shards.length; shard++)
    for await (const { key, label } of stream.open(shard, { skip, onBad: (bad) => out.bad.push(bad) })) {
      out.keys.push(key);
      out.labels.push(label);
    }
  return out;
}
