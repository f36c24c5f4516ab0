// Whether a cache fits, found out on a few samples before it is made.

import { freemem, homedir } from "node:os";
import { join } from "node:path";
import { isVitrineError, Rng, VitrineError } from "@vitrine/core";
import type { Dataset } from "../datasets/dataset.ts";
import { decodeImage } from "../image.ts";
import { isRawImage } from "../raw-image.ts";
import { applyOps } from "../transforms/transform.ts";
import type { CacheShare } from "./cache.ts";
import { createDiskCache, isFull } from "./disk-cache.ts";
import { type Recipe, settledOps } from "./make-batch.ts";
import type { LoaderOptions } from "./options.ts";
import { createRamCache, ramBytes } from "./ram-cache.ts";
import { describeSample, readSample } from "./sample.ts";

export interface OpenedCache {
  share: CacheShare;
  /** Says once, at an epoch's end, where there was no room for all. */
  epochDone(): void;
}

/** Samples that are looked at. */
const probes = 30;
/** Share of the free memory that is left alone. */
const margin = 0.5;

/** The cache that was asked for; nothing where it does not fit, which is said. */
export async function setUpCache(
  dataset: Dataset,
  recipe: Recipe,
  { cache, cacheDir, cacheLimit, onNotice }: LoaderOptions,
): Promise<OpenedCache | undefined> {
  if (cacheLimit !== undefined && !(cacheLimit > 0))
    throw new VitrineError("cache", `cacheLimit must be a number of bytes above 0, found ${cacheLimit}`, {
      usage: true,
    });
  if (cache === undefined || dataset.decoded) return undefined;
  const steps = {
    channels: recipe.transform.channels,
    ops: recipe.transform.ops.slice(0, settledOps(recipe.transform)),
  };
  if (cache === "disk") {
    const folder = cacheDir ?? defaultFolder();
    const limits = cacheLimit === undefined ? { folder } : { folder, limit: cacheLimit };
    const { share, limit } = await createDiskCache(limits, steps);
    let said = false;
    return {
      share,
      epochDone() {
        if (said || !isFull(share)) return;
        said = true;
        onNotice?.(
          `the image cache in ${folder} is full (${gigabytes(limit)}, or the disk is): the other images are decoded each time; ` +
            "allow more, or remove what other runs left there",
        );
      },
    };
  }
  const image = await largestAverage(dataset, recipe, steps);
  // Sizes differ from image to image; what the probes miss is a matter of a tenth.
  const needed = Math.ceil(dataset.length * ramBytes(image) * 1.1);
  const room = Math.min(cacheLimit ?? Number.POSITIVE_INFINITY, freeMemory() * (1 - margin));
  if (image === 0 || needed > room) {
    onNotice?.(
      `no image cache: ${dataset.length} images take ${gigabytes(needed)} of memory, and ${gigabytes(room)} may be used` +
        `${cacheLimit === undefined ? " (half of what is free)" : ""}; use a cache on disk, or smaller images`,
    );
    return undefined;
  }
  return { share: createRamCache(dataset.length, needed), epochDone() {} };
}

/** Bytes of an image on average, over a few samples anywhere in the data set; 0 where none can be read. */
async function largestAverage(
  dataset: Dataset,
  { transform, maxPixels }: Recipe,
  steps: Parameters<typeof applyOps>[1],
): Promise<number> {
  const rng = Rng.of("cache", dataset.length);
  let [sum, count] = [0, 0];
  for (let i = 0; i < Math.min(probes, dataset.length); i++) {
    const sample = await describeSample(dataset, dataset.length <= probes ? i : rng.int(dataset.length));
    try {
      const content = await readSample(sample);
      const channels = transform.channels === 1 ? 1 : 3;
      const decoded = isRawImage(content)
        ? content
        : await decodeImage(content, { channels, maxPixels, path: sample.path });
      sum += applyOps(decoded, steps).data.length;
      count++;
    } catch (error) {
      if (!isVitrineError(error)) throw error; // What cannot be read is reported when its turn comes.
    }
  }
  return count === 0 ? 0 : Math.ceil(sum / count);
}

function freeMemory(): number {
  // Since Node 20.13; it knows of limits on containers and of memory that the system would give back.
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}

/** Where caches lie unless said otherwise. */
function defaultFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "vitrine", "images");
}

function gigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
