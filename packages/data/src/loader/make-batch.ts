// Samples into a batch. Runs in workers and, without workers, on the calling thread.

import { isVitrineError, VitrineError } from "@vitrine/core";
import { decodeImage } from "../image.ts";
import { jpegSource } from "../jpeg/source.ts";
import { Undecodable } from "../picture.ts";
import { isRawImage, type RawImage } from "../raw-image.ts";
import { augmentedOf, type Splits } from "../transforms/splits.ts";
import {
  applyOps,
  applyTransform,
  type SampleKey,
  type Transform,
  type TransformOp,
  transformed,
} from "../transforms/transform.ts";
import { type CacheShare, openCache, type PixelCache } from "./cache.ts";
import type { BadSample } from "./options.ts";
import { isPixels, readSample, type Sample } from "./sample.ts";

/** What does not change from batch to batch. Travels to workers. */
export interface Recipe {
  transform: Transform;
  /** Images of a sample, where there are several: one after `transform`, and others made of that. */
  splits?: Splits;
  seed: number;
  maxPixels: number;
  corrupt: "replace" | "skip";
  /** Samples in the data set. */
  length: number;
  cache?: CacheShare;
}

/** Where the samples of a batch go, one slot each: its images lie together there, the clean one first. */
export interface Target {
  images: Uint8Array;
  /** -1 where a slot is empty. */
  labels: Int32Array;
  /** -1 where a slot is empty. */
  indices: Int32Array;
}

/** How many samples in a row may be unreadable where each is replaced by the next. */
const mostReplacements = 20;
/** Samples in work at once: disks and the library that decodes all but plain JPEGs work beside this thread. */
export const lanes = 4;

/** Gives samples that were not among those of the batch; asked where one is to be replaced. */
export type Fetch = (index: number) => Sample | Promise<Sample>;

/** Makes samples by a recipe. */
export class Kitchen {
  readonly #recipe: Recipe;
  readonly #imageBytes: number;
  readonly #sampleBytes: number;
  readonly #cache: PixelCache | undefined;
  /** What comes before the first random operation, done once where there is a cache; and the rest. */
  readonly #first: readonly TransformOp[];
  readonly #rest: Transform;

  constructor(recipe: Recipe) {
    const { transform, cache } = recipe;
    this.#recipe = recipe;
    this.#imageBytes = bytesOf(transform);
    this.#sampleBytes = sampleBytes(recipe);
    this.#cache = cache && openCache(cache);
    const settled = cache === undefined ? 0 : settledOps(transform);
    this.#first = transform.ops.slice(0, settled);
    this.#rest = { ...transform, ops: transform.ops.slice(settled) };
  }

  /** Pixels that are there need no turn of the event loop, which would cost more than the copy. False: use `fill`. */
  fillNow(target: Target, slot: number, sample: Sample, epoch: number): boolean {
    if (!isPixels(sample.content)) return false;
    try {
      const key = this.#key(sample, epoch);
      this.#put(target, slot, sample, this.#split(applyTransform(sample.content, this.#recipe.transform, key), key));
      return true;
    } catch (error) {
      if (isVitrineError(error)) return false; // The slower way then says why.
      throw error;
    }
  }

  /** Reads, decodes and transforms; what is unreadable is added to `bad` and replaced or left out. */
  async fill(
    target: Target,
    slot: number,
    wanted: Sample,
    epoch: number,
    fetch: Fetch,
    bad: BadSample[],
  ): Promise<void> {
    let sample = wanted;
    for (let attempt = 0; attempt < mostReplacements; attempt++) {
      try {
        const key = this.#key(sample, epoch);
        this.#put(target, slot, sample, this.#split(await this.#made(sample, key), key));
        return;
      } catch (error) {
        if (!isVitrineError(error))
          throw new Error(`${sample.path}: ${error instanceof Error ? error.message : error}`, { cause: error });
        bad.push({ index: sample.index, path: sample.path, reason: reasonOf(error) });
        if (this.#recipe.corrupt === "skip") return;
        sample = await fetch((sample.index + 1) % this.#recipe.length);
      }
    }
    throw new VitrineError("loader", `${mostReplacements} samples in a row cannot be read, from ${wanted.path} on`);
  }

  async #made(sample: Sample, key: SampleKey): Promise<RawImage> {
    if (this.#cache !== undefined) return applyTransform(await this.#prepared(sample, this.#cache), this.#rest, key);
    const content = await readSample(sample);
    const source = isRawImage(content) ? content : jpegSource(content, this.#channels, this.#recipe.maxPixels);
    try {
      if (source !== undefined) return transformed(source, this.#recipe.transform, key);
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
    }
    return applyTransform(await this.#decoded(sample, content), this.#recipe.transform, key);
  }

  /** The whole image after the operations that are the same every time. */
  async #prepared(sample: Sample, cache: PixelCache): Promise<RawImage> {
    const known = cache.byIndex?.(sample.index);
    if (known !== undefined) return known;
    const content = await readSample(sample);
    const key = cache.keyOf?.(content);
    const stored = key === undefined ? undefined : await cache.read!(key);
    if (stored !== undefined) return stored;
    const decoded = await this.#decoded(sample, content);
    const image = applyOps(decoded, { channels: this.#recipe.transform.channels, ops: this.#first });
    await cache.store(sample.index, key, image);
    return image;
  }

  async #decoded({ path }: Sample, content: RawImage | Uint8Array): Promise<RawImage> {
    if (isRawImage(content)) return content;
    return decodeImage(content, { channels: this.#channels, maxPixels: this.#recipe.maxPixels, path });
  }

  get #channels(): number {
    return this.#recipe.transform.channels === 1 ? 1 : 3;
  }

  /** All images of a sample. What is read, decoded and cut is shared by them. */
  #split(image: RawImage, key: SampleKey): readonly RawImage[] {
    const { splits } = this.#recipe;
    return splits === undefined ? [image] : [image, ...augmentedOf(image, splits, key)];
  }

  #key({ index, key = index, repeat = 0 }: Sample, epoch: number): SampleKey {
    return { seed: this.#recipe.seed, epoch, sample: key, repeat };
  }

  #put({ images, labels, indices }: Target, slot: number, sample: Sample, made: readonly RawImage[]): void {
    for (const [i, { data }] of made.entries()) images.set(data, slot * this.#sampleBytes + i * this.#imageBytes);
    labels[slot] = sample.label;
    indices[slot] = sample.index;
  }
}

/** Bytes of one transformed image. */
export function bytesOf({ size: [height, width], channels }: Transform): number {
  return height * width * channels;
}

/** What images are made into. */
export type Looks = Pick<Recipe, "transform" | "splits">;

/** Bytes of all images of one sample. */
export function sampleBytes({ transform, splits }: Looks): number {
  return bytesOf(transform) * (splits?.count ?? 1);
}

/** The operations that give the same for an image every time; what comes behind a random one is not among them. */
const steady: readonly TransformOp["op"][] = ["resize", "centerCrop", "pad"];

/** How many operations come before the first random one. */
export function settledOps({ ops }: Transform): number {
  const first = ops.findIndex(({ op }) => !steady.includes(op));
  return first === -1 ? ops.length : first;
}

/** The message without the path, which stands beside it. */
function reasonOf(error: VitrineError): string {
  const prefix = `${error.where}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
