// Where each sample of a shard lies: found by reading the shard once, kept in a file, made anew when the shard changes.

import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isVitrineError } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import type { BadRecord } from "../datasets/stream.ts";
import { cacheFolder, cacheName, type FileState, stateOf } from "./cache-folder.ts";
import type { RawLabel, ShardFormat } from "./shard-format.ts";

/** One entry a sample in every list. */
export interface ShardIndex {
  keys: string[];
  /** Where images lie in the shard, and how long they are. */
  starts: number[];
  lengths: number[];
  /** The label's number, or null. */
  numbers: (number | null)[];
  /** Which of `names` the label has, or -1. */
  nameOf: number[];
  names: string[];
  bad: Omit<BadRecord, "shard">[];
}

interface Stored extends ShardIndex, FileState {
  version: number;
  fingerprint: string;
}

const version = 1;
/** A shard of nothing but damage must not fill memory with complaints. */
const mostComplaints = 1000;

/** The index of a shard: from its file where that still fits, else made and written beside the shard, or into the cache. */
export async function shardIndex(format: ShardFormat, file: string, cache?: string): Promise<ShardIndex> {
  const state = await stateOf(file);
  const beside = join(dirname(file), `.${basename(file)}.index.json`);
  const cached = join(cache ?? cacheFolder(), "indexes", `${cacheName(file)}.json`);
  for (const place of cache === undefined ? [beside, cached] : [cached]) {
    const found = await readIndex(place, format.fingerprint, state);
    if (found !== undefined) return found;
  }
  const made = await makeIndex(format, file);
  const content = JSON.stringify({ version, fingerprint: format.fingerprint, ...state, ...made } satisfies Stored);
  try {
    if (cache === undefined) await writeFileAtomic(beside, content);
    else await writeCached(cached, content);
  } catch (error) {
    if (!isVitrineError(error)) throw error;
    // Data often lie where nobody may write. Without any place the index is made again next time.
    if (cache === undefined) await writeCached(cached, content).catch(() => {});
  }
  return made;
}

/** The label of sample `i`. */
export function labelAt(index: ShardIndex, i: number): RawLabel {
  const number = index.numbers[i]!;
  const name = index.names[index.nameOf[i]!];
  return { ...(number !== null && { index: number }), ...(name !== undefined && { name }) };
}

async function makeIndex(format: ShardFormat, file: string): Promise<ShardIndex> {
  const index: ShardIndex = { keys: [], starts: [], lengths: [], numbers: [], nameOf: [], names: [], bad: [] };
  const ids = new Map<string, number>();
  const complain = (offset: number, reason: string) => {
    if (index.bad.length < mostComplaints) index.bad.push({ offset, reason });
  };
  for await (const { key, label, start, bytes } of format.samples(file, complain)) {
    index.keys.push(key);
    index.starts.push(start);
    index.lengths.push(bytes.length);
    index.numbers.push(label.index ?? null);
    let id = -1;
    if (label.name !== undefined) {
      id = ids.get(label.name) ?? index.names.length;
      if (id === index.names.length) index.names.push(label.name);
      ids.set(label.name, id);
    }
    index.nameOf.push(id);
  }
  return index;
}

async function writeCached(path: string, content: string): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomic(path, content);
}

/** A stored index that belongs to this state of the shard; anything else is as good as none. */
async function readIndex(path: string, fingerprint: string, state: FileState): Promise<ShardIndex | undefined> {
  let found: Partial<Stored> | null;
  try {
    found = JSON.parse(await readFile(path, "utf8")) as Partial<Stored> | null;
  } catch {
    return undefined;
  }
  if (found?.version !== version || found.fingerprint !== fingerprint) return undefined;
  if (found.size !== state.size || found.mtimeMs !== state.mtimeMs) return undefined;
  const { keys, starts, lengths, numbers, nameOf, names, bad } = found;
  const lists = [keys, starts, lengths, numbers, nameOf, names, bad];
  if (!lists.every(Array.isArray) || lists.slice(0, 5).some((list) => list!.length !== keys!.length)) return undefined;
  const inside = starts!.every((start, i) => start >= 0 && lengths![i]! > 0 && start + lengths![i]! <= state.size);
  return inside ? (found as Stored) : undefined;
}
