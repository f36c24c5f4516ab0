// What the loader needs to know of a data set. Implement it to bring your own.

import type { RawImage } from "../raw-image.ts";
import type { BadRecord } from "./stream.ts";

/** Where the bytes of an image file lie within a file. */
export interface FilePart {
  file: string;
  offset: number;
  length: number;
}

/** Labelled images with random access. */
export interface Dataset {
  /** What the data set is called in messages, for example its folder. */
  readonly name: string;
  /** Names of the classes, in the order of their indices. */
  readonly classes: readonly string[];
  /** Number of samples. */
  readonly length: number;
  /** Class index of sample `i`; -1 where it is unknown. */
  label(i: number): number;
  /** What sample `i` is called in reports: a path, or `file#row`. */
  path(i: number): string;
  /** The bytes of an image file, or decoded pixels. Pixels may be shared: not to be written to. */
  load(i: number): RawImage | Uint8Array | Promise<RawImage | Uint8Array>;
  /** Set when every `path(i)` is an image file on disk: workers then read the files themselves. */
  readonly files?: boolean;
  /** Where the bytes of sample `i` lie, for images in a larger file: workers then read them there. Undefined: ask `load`. */
  place?(i: number): FilePart | undefined;
  /** Records that were left out because they cannot be used: those of damaged shards, and labels that are none of the classes. */
  readonly skipped?: readonly BadRecord[];
  /** Set when `load` gives decoded pixels at once: small images then need no workers. */
  readonly decoded?: boolean;
}
