// Bytes of a file from beginning to end, plain or gunzipped on the way, a megabyte at a time.

import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { VitrineError } from "@vitrine/core";

const chunkBytes = 1 << 20;

/** Reads forward; what was read can be put back. Positions count unpacked bytes. */
export class ByteReader {
  /** Where the next byte comes from. */
  position = 0;
  /** Bytes in the file; unknown where it is packed. */
  readonly size: number | undefined;
  #held: Uint8Array = new Uint8Array();
  readonly #next: (wanted: number) => Promise<Uint8Array>;
  readonly #seek: ((bytes: number) => void) | undefined;
  readonly #close: () => Promise<void>;

  private constructor(
    size: number | undefined,
    next: (wanted: number) => Promise<Uint8Array>,
    seek: ((bytes: number) => void) | undefined,
    close: () => Promise<void>,
  ) {
    this.size = size;
    this.#next = next;
    this.#seek = seek;
    this.#close = close;
  }

  /** Opens a file; one that ends in .gz or .tgz is unpacked. */
  static async open(file: string): Promise<ByteReader> {
    const handle = await openFile(file);
    try {
      if (isPacked(file)) return ByteReader.#unpacking(file, handle);
      const { size } = await handle.stat();
      let at = 0;
      const next = async (wanted: number) => {
        const buffer = new Uint8Array(Math.max(1, Math.min(Math.max(wanted, chunkBytes), size - at)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        at += bytesRead;
        return buffer.subarray(0, bytesRead);
      };
      const seek = (bytes: number) => {
        at += bytes;
      };
      return new ByteReader(size, next, seek, () => handle.close());
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  static #unpacking(file: string, handle: FileHandle): ByteReader {
    const stored = createReadStream("", { fd: handle, autoClose: false, highWaterMark: chunkBytes });
    const gunzip = createGunzip({ chunkSize: chunkBytes });
    stored.on("error", (error) => gunzip.destroy(error));
    const chunks = stored.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    const next = async () => {
      try {
        const { done, value } = await chunks.next();
        // A plain view: a Buffer's own `slice` copies nothing.
        return done ? new Uint8Array() : new Uint8Array(value.buffer, value.byteOffset, value.length);
      } catch (error) {
        throw new VitrineError(file, `damaged gzip file: ${(error as Error).message}`, { cause: error });
      }
    };
    return new ByteReader(undefined, next, undefined, async () => {
      stored.destroy();
      gunzip.destroy();
      await handle.close();
    });
  }

  /** The next `length` bytes in memory of their own; fewer at the end of the file. */
  async read(length: number): Promise<Uint8Array> {
    if (length <= this.#held.length) return this.#take(length).slice();
    // Of a packed file nobody knows how much there is: a length that lies must not become memory.
    const pieces: Uint8Array[] = [];
    let found = 0;
    while (found < length) {
      if (this.#held.length === 0) this.#held = await this.#next(Math.min(length - found, 64 * chunkBytes));
      if (this.#held.length === 0) break;
      const piece = this.#take(Math.min(length - found, this.#held.length));
      pieces.push(piece);
      found += piece.length;
    }
    const out = new Uint8Array(found);
    let at = 0;
    for (const piece of pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }

  /** Passes over `length` bytes; returns how many there were. */
  async skip(length: number): Promise<number> {
    let left = length;
    while (left > 0) {
      if (this.#held.length === 0) {
        if (this.#seek !== undefined && this.size !== undefined) {
          const jump = Math.min(left, this.size - this.position);
          this.#seek(jump);
          this.position += jump;
          return length - left + jump;
        }
        this.#held = await this.#next(left);
        if (this.#held.length === 0) break;
      }
      left -= this.#take(Math.min(left, this.#held.length)).length;
    }
    return length - left;
  }

  /** Puts bytes that were just read back in front. */
  unread(bytes: Uint8Array): void {
    const joined = new Uint8Array(bytes.length + this.#held.length);
    joined.set(bytes);
    joined.set(this.#held, bytes.length);
    this.#held = joined;
    this.position -= bytes.length;
  }

  close(): Promise<void> {
    return this.#close();
  }

  #take(length: number): Uint8Array {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.position += length;
    return taken;
  }
}

/** True for names of gzipped files. */
export function isPacked(file: string): boolean {
  return /\.(gz|tgz)$/i.test(file);
}

/** Opens a file for reading, with words for what goes wrong. */
export async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
  } catch (error) {
    throw new VitrineError(file, `cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}
