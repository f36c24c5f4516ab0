// A sample on its way to the decoder, and reading its bytes where they lie.

import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { VitrineError } from "@vitrine/core";
import type { Dataset, FilePart } from "../datasets/dataset.ts";
import { isRawImage, type RawImage } from "../raw-image.ts";
import { readImageFile } from "./read-file.ts";

export interface Sample {
  index: number;
  label: number;
  path: string;
  /** What its random decisions are keyed by, where that is not `index`. */
  key?: number;
  /** How often it came before in the epoch; 0 where left out. */
  repeat?: number;
  /** Bytes of an image file or pixels; or the reason why there are none. */
  content?: RawImage | Uint8Array | { failed: string };
  /** Where there is no content: the part of a file that holds the image. Without it, `path` is the file. */
  place?: FilePart;
}

/** What a worker needs to know of a sample, with its content where it cannot read that itself. */
export function describeSample(dataset: Dataset, index: number): Sample | Promise<Sample> {
  const sample = { index, label: dataset.label(index), path: dataset.path(index) };
  const failed = (error: unknown) => ({
    ...sample,
    content: { failed: error instanceof Error ? error.message : String(error) },
  });
  try {
    const place = dataset.place?.(index);
    if (place !== undefined) return { ...sample, place };
    if (dataset.files) return sample;
    const content = dataset.load(index);
    if (!(content instanceof Promise)) return { ...sample, content };
    return content.then((content) => ({ ...sample, content }), failed);
  } catch (error) {
    return failed(error);
  }
}

/** True for a sample whose pixels are there. */
export function isPixels(content: Sample["content"]): content is RawImage {
  return content !== undefined && !("failed" in content) && isRawImage(content);
}

/** Pixels, or the bytes of the image file. @throws VitrineError that begins with the sample's path. */
export async function readSample({ content, place, path }: Sample): Promise<RawImage | Uint8Array> {
  if (content !== undefined) {
    if ("failed" in content) throw new VitrineError(path, content.failed);
    // The decoder takes no shared memory.
    if (isRawImage(content) || content.buffer instanceof ArrayBuffer) return content;
    return content.slice();
  }
  try {
    return place === undefined ? await readImageFile(path) : await readPart(place, path);
  } catch (error) {
    if (error instanceof VitrineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new VitrineError(path, `cannot be read: ${reason}`, { cause: error });
  }
}

const openFile = promisify(open);
/** Files that stay open, the least recently used first. */
const handles = new Map<string, Promise<number>>();
const mostHandles = 64;
/** Reads that are under way, by file: it is not closed below them. */
const readers = new Map<string, number>();

async function readPart({ file, offset, length }: FilePart, path: string): Promise<Uint8Array> {
  readers.set(file, (readers.get(file) ?? 0) + 1);
  try {
    const fd = await handleOf(file);
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const count = await new Promise<number>((resolve, reject) =>
        read(fd, bytes, done, length - done, offset + done, (error, n) => (error ? reject(error) : resolve(n))),
      );
      if (count === 0)
        throw new VitrineError(
          path,
          `expected ${length} bytes at byte ${offset} of ${file}, found ${done}; it was cut off`,
        );
      done += count;
    }
    return bytes;
  } finally {
    const left = readers.get(file)! - 1;
    if (left > 0) readers.set(file, left);
    else readers.delete(file);
  }
}

function handleOf(file: string): Promise<number> {
  const known = handles.get(file);
  const handle = known ?? openFile(file, "r");
  handles.delete(file);
  handles.set(file, handle);
  if (known === undefined) {
    handle.catch(() => handles.delete(file));
    for (const [other, idle] of handles) {
      if (handles.size <= mostHandles) break;
      if (readers.has(other)) continue;
      handles.delete(other);
      void idle.then((fd) => close(fd));
    }
  }
  return handle;
}

/** Closes the files that were kept open and are not being read. */
export async function closeFiles(): Promise<void> {
  for (const [file, handle] of [...handles]) {
    if (readers.has(file)) continue;
    handles.delete(file);
    const fd = await handle.catch(() => undefined);
    if (fd !== undefined) await promisify(close)(fd);
  }
}
