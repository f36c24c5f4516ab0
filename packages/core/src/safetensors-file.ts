// Safetensors on disk: read tensor by tensor without loading the file, written as a stream and whole or not at all.

import { type FileHandle, open } from "node:fs/promises";
import { writeFileAtomic } from "./atomic-file.ts";
import { VitrineError } from "./errors.ts";
import { fileError } from "./file-errors.ts";
import { type Checkpoint, entryBytes, find, requireLittleEndian, type TensorEntry } from "./safetensors.ts";
import { type DtypeArray, type TensorData, toFloat32, toNumbers, viewAs } from "./safetensors-dtype.ts";
import { buildHeader, headerLength, parseHeader, sniffBytes } from "./safetensors-header.ts";

/** An open checkpoint file. Only the header is in memory. */
export interface CheckpointFile extends Checkpoint<"async"> {
  readonly path: string;
  /** Closes the file; closing twice does nothing. */
  close(): Promise<void>;
}

/**
 * Opens a checkpoint and checks its header completely; tensors are read when asked for, each at its place in the file.
 * Throws a VitrineError that names the file when it cannot be read or is not exactly what the format promises.
 */
export async function openSafetensors(path: string): Promise<CheckpointFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw fileError("open", path, error);
  }
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new VitrineError(path, "expected a safetensors file, found a folder or a device");
    const length = headerLength(path, await readAt(path, handle, 0, Math.min(sniffBytes, info.size)), info.size);
    const dataStart = 8 + length;
    const json = await readAt(path, handle, 8, length);
    const { tensors, metadata } = parseHeader(path, json, info.size - dataStart);
    return new OpenCheckpoint(path, handle, dataStart, tensors, metadata);
  } catch (error) {
    await handle.close();
    throw fileError("read", path, error);
  }
}

class OpenCheckpoint implements CheckpointFile {
  readonly path: string;
  readonly header: CheckpointFile["header"];
  readonly metadata: CheckpointFile["metadata"];
  readonly #dataStart: number;
  #handle: FileHandle | undefined;

  constructor(
    path: string,
    handle: FileHandle,
    dataStart: number,
    header: CheckpointFile["header"],
    metadata: CheckpointFile["metadata"],
  ) {
    this.path = path;
    this.header = header;
    this.metadata = metadata;
    this.#handle = handle;
    this.#dataStart = dataStart;
  }

  async read(name: string): Promise<DtypeArray> {
    requireLittleEndian(this.path);
    const { dtype, offsets } = find(this.path, this.header, name);
    if (this.#handle === undefined)
      throw new VitrineError(this.path, `cannot read ${JSON.stringify(name)}: the file was closed`);
    const [start, end] = offsets;
    const bytes = await readAt(this.path, this.#handle, this.#dataStart + start, end - start);
    return viewAs(dtype, bytes.buffer);
  }

  async readFloat32(name: string): Promise<Float32Array> {
    const data = await this.read(name);
    return toFloat32(`${this.path}: ${name}`, find(this.path, this.header, name).dtype, data);
  }

  async readNumbers(name: string): Promise<Float64Array> {
    const data = await this.read(name);
    return toNumbers(`${this.path}: ${name}`, find(this.path, this.header, name).dtype, data);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/** A single system call reads at most 2 GiB. */
const pieceBytes = 512 * 1024 * 1024;

/** Exactly `length` bytes from `position`, in a buffer of their own. */
async function readAt(
  path: string,
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(length);
  } catch (cause) {
    throw new VitrineError(path, `a tensor of ${length} bytes does not fit in memory`, { cause });
  }
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle
      .read(bytes, at, Math.min(pieceBytes, length - at), position + at)
      .catch((error: unknown) => {
        throw fileError("read", path, error);
      });
    if (bytesRead === 0)
      throw new VitrineError(
        path,
        `expected ${length} bytes at ${position}, found ${at}: the file became shorter while it was being read`,
      );
    at += bytesRead;
  }
  return bytes;
}

/** A tensor's elements, or how to get them when their turn comes (so that one tensor at a time is in memory). */
export type TensorSource = TensorData | (() => TensorData | Promise<TensorData>);

/**
 * Writes a checkpoint: streamed, forced to disk and renamed into place, so that a reader finds the old file or the new
 * one, never half of one (`writeFileAtomic`). The bytes depend on the tensors and the metadata alone, not on their order,
 * and equal those of the reference implementation (for metadata of two or more keys, whose order the reference leaves to
 * chance, up to that order).
 * Throws a VitrineError when a tensor does not fit its shape, a name is given twice, or the file cannot be written.
 */
export async function writeSafetensors(
  path: string,
  entries: Iterable<TensorEntry<TensorSource>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const { head, placed } = buildHeader(path, entries, metadata);
  await writeFileAtomic(
    path,
    (async function* () {
      yield head;
      for (const { entry, bytes } of placed) {
        const data = typeof entry.data === "function" ? await entry.data() : entry.data;
        yield entryBytes(path, entry, data, bytes);
      }
    })(),
  );
}
