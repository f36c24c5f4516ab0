// One batch from the samples it is made of. Runs in workers and, without workers, on the calling thread.

import { type Batch, isVitrineError, VitrineError } from "@vitrine/core";
import { decodeImage } from "../image.ts";
import { isRawImage, type RawImage } from "../raw-image.ts";
import { applyTransform, type Transform } from "../transforms/transform.ts";
import type { BadSample } from "./options.ts";

/** A sample on its way to the decoder. */
export interface Sample {
  index: number;
  label: number;
  path: string;
  /** Bytes of an image file or pixels; the reason why there are none; or nothing: `path` is a file to read. */
  content?: RawImage | Uint8Array | { failed: string };
}

/** What does not change from batch to batch. */
export interface Recipe {
  transform: Transform;
  seed: number;
  maxPixels: number;
  corrupt: "replace" | "skip";
  /** Samples in the data set. */
  length: number;
}

/** A batch, and what was found unreadable on the way. With `skip`, it may hold fewer samples than were asked for. */
export interface MadeBatch {
  batch: Batch;
  bad: BadSample[];
}

/** How many samples in a row may be unreadable where each is replaced by the next. */
const mostReplacements = 20;
/** Samples in work at once: the decoder has threads of its own, four by default. */
const lanes = 4;

/** `fetch` gives samples that were not among those of the batch; it is asked where one is to be replaced. */
export async function makeBatch(
  recipe: Recipe,
  epoch: number,
  samples: readonly Sample[],
  fetch: (index: number) => Sample | Promise<Sample>,
  cancelled: () => boolean = () => false,
): Promise<MadeBatch> {
  const { channels } = recipe.transform;
  const [height, width] = recipe.transform.size;
  const imageSize = height * width * channels;
  const size = samples.length;
  const images = new Uint8Array(size * imageSize);
  const labels = new Int32Array(size).fill(-1);
  const indices = new Int32Array(size).fill(-1);
  const bad: BadSample[] = [];

  const put = (slot: number, sample: Sample, image: RawImage) => {
    const key = { seed: recipe.seed, epoch, sample: sample.index };
    images.set(applyTransform(image, recipe.transform, key).data, slot * imageSize);
    labels[slot] = sample.label;
    indices[slot] = sample.index;
  };
  const fill = async (slot: number) => {
    let sample = samples[slot]!;
    for (let attempt = 0; attempt < mostReplacements; attempt++) {
      try {
        put(slot, sample, await decode(sample, recipe));
        return;
      } catch (error) {
        if (!isVitrineError(error)) throw error;
        bad.push({ index: sample.index, path: sample.path, reason: reasonOf(error) });
        if (recipe.corrupt === "skip") return;
        sample = await fetch((sample.index + 1) % recipe.length);
      }
    }
    throw new VitrineError(
      "loader",
      `${mostReplacements} samples in a row cannot be read, from ${samples[slot]!.path} on`,
    );
  };

  let next = 0;
  const lane = async () => {
    while (next < size && !cancelled()) {
      const slot = next++;
      const sample = samples[slot]!;
      // Pixels that are there need no turn of the event loop, which would cost more than the copy.
      if (isPixels(sample.content) && tryPut(put, slot, sample, sample.content)) continue;
      await fill(slot);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, size) }, lane));
  bad.sort((a, b) => a.index - b.index);
  const batch = { images, size, height, width, channels, labels, indices };
  return { batch: bad.length > 0 && recipe.corrupt === "skip" ? closeGaps(batch, imageSize) : batch, bad };
}

async function decode(sample: Sample, recipe: Recipe): Promise<RawImage> {
  const { content, path } = sample;
  if (isPixels(content)) return content;
  if (content !== undefined && "failed" in content) throw new VitrineError(path, content.failed);
  const channels = recipe.transform.channels === 1 ? 1 : 3;
  return decodeImage(content ?? path, { channels, maxPixels: recipe.maxPixels, path });
}

/** False where the transform refused: the slower way then says why. */
function tryPut(
  put: (slot: number, sample: Sample, image: RawImage) => void,
  slot: number,
  sample: Sample,
  image: RawImage,
): boolean {
  try {
    put(slot, sample, image);
    return true;
  } catch (error) {
    if (isVitrineError(error)) return false;
    throw error;
  }
}

function isPixels(content: Sample["content"]): content is RawImage {
  return content !== undefined && !("failed" in content) && isRawImage(content);
}

/** The batch without the slots that stayed empty. */
function closeGaps(batch: Batch, imageSize: number): Batch {
  const { images, labels, indices } = batch;
  let size = 0;
  for (let slot = 0; slot < batch.size; slot++) {
    if (indices[slot] === -1) continue;
    if (slot !== size) {
      images.copyWithin(size * imageSize, slot * imageSize, (slot + 1) * imageSize);
      labels[size] = labels[slot]!;
      indices[size] = indices[slot]!;
    }
    size++;
  }
  return {
    ...batch,
    size,
    images: images.slice(0, size * imageSize),
    labels: labels.slice(0, size),
    indices: indices.slice(0, size),
  };
}

/** The message without the path, which stands beside it. */
function reasonOf(error: VitrineError): string {
  const prefix = `${error.where}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
