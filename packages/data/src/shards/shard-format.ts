// What the formats of shards have in common: a file that holds one sample after the other.

import { VitrineError } from "@vitrine/core";
import type { Complain } from "./tfrecord-file.ts";

/** A label as a shard has it. */
export interface RawLabel {
  index?: number;
  name?: string;
}

/** A sample as it lies in a shard. */
export interface RawSample {
  key: string;
  label: RawLabel;
  /** Where its record begins, for reports. */
  offset: number;
  /** Where the bytes of its image lie in the (unpacked) shard. */
  start: number;
  bytes: Uint8Array;
}

export interface ShardFormat {
  /** For messages. */
  readonly name: string;
  /** Endings of its files, as regular expressions see them. */
  readonly files: RegExp;
  /** Everything that decides what is found in a shard: an index made under another one is made anew. */
  readonly fingerprint: string;
  /** The samples of a file in order; what cannot be used is told and left out. */
  samples(file: string, complain: Complain): AsyncGenerator<RawSample>;
}

/** Which entry of a record is what; several names are tried in turn ("jpg;png"). */
export interface SampleKeys {
  imageKey?: string;
  labelKey?: string;
}

/** "jpg;png" → ["jpg", "png"] */
export function alternatives(keys: string): string[] {
  const found = keys.split(/[;,]/).map((key) => key.trim());
  const names = found.filter((key) => key !== "");
  if (names.length === 0) throw new VitrineError("data", `expected names of keys, found "${keys}"`, { usage: true });
  return names;
}

/** A label written as text: digits are an index, anything else a name. */
export function labelOfText(text: string): RawLabel | undefined {
  const word = text.trim();
  if (word === "" || word.length > 1000) return undefined;
  return /^-?\d{1,9}$/.test(word) ? { index: Number(word) } : { name: word };
}
