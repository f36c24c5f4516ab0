// Decoded images that are kept for the next epoch, in memory shared by all workers or on disk. What is kept is the
// image after the operations that give the same every time (`settledOps`): for evaluation all of them, for a random
// crop the decoding alone.

import type { RawImage } from "../raw-image.ts";
import { DiskCache, type DiskShare } from "./disk-cache.ts";
import { RamCache, type RamShare } from "./ram-cache.ts";

/** A cache as it travels to workers. */
export type CacheShare = RamShare | DiskShare;

export interface PixelCache {
  /** An image by its position in the data set: nothing has to be read then. */
  byIndex?(index: number): RawImage | undefined;
  /** A name for what a file holds, where images are found by that. */
  keyOf?(content: RawImage | Uint8Array): string | undefined;
  read?(key: string): Promise<RawImage | undefined>;
  store(index: number, key: string | undefined, image: RawImage): void | Promise<void>;
}

export function openCache(share: CacheShare): PixelCache {
  return share.kind === "ram" ? new RamCache(share) : new DiskCache(share);
}
