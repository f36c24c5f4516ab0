// Images in files named by what the encoded file holds, in a folder of the operations that made them. A file is written
// under another name and renamed, so any number of processes may share the folder: they would write the same bytes, and
// nobody sees half of a file. A changed image or transform has another name, so nothing is ever stale.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, opendir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import type { Transform } from "../transforms/transform.ts";
import type { PixelCache } from "./cache.ts";

export interface DiskShare {
  kind: "disk";
  folder: string;
  /**
   * Bytes that all workers together may still write, and whether it was said that there are none: [bytes / 4096, said].
   */
  room: SharedArrayBuffer;
}

/** Goes into the names: another layout of the files, or another decoder, must not find these. */
const version = 1;
const magic = 0x56495431; // "VIT1"
const headerBytes = 16;
const page = 4096;

export interface DiskCacheOptions {
  /** Made where it does not exist. */
  folder: string;
  /** Bytes that may lie in it. */
  limit?: number;
}

/** @throws VitrineError where the folder cannot be written to. */
export async function createDiskCache(
  { folder, limit }: DiskCacheOptions,
  transform: Pick<Transform, "channels" | "ops">,
): Promise<{ share: DiskShare; held: number; limit: number }> {
  const recipe = createHash("sha256").update(JSON.stringify([version, transform.channels, transform.ops]));
  const own = join(folder, recipe.digest("hex").slice(0, 16));
  try {
    await mkdir(own, { recursive: true });
    const probe = join(own, `.${randomUUID()}.tmp`);
    await writeFile(probe, "");
    await rm(probe);
    const { pages: held } = await measure(folder);
    const { bavail, bsize } = await statfs(folder);
    const most = limit ?? held * page + (bavail * bsize) / 2;
    const room = new SharedArrayBuffer(8);
    new Int32Array(room)[0] = Math.min(2 ** 31 - 1, Math.max(0, Math.floor(most / page) - held));
    return { share: { kind: "disk", folder: own, room }, held: held * page, limit: most };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VitrineError("cache", `${folder} cannot be used: ${reason}; name another folder`, {
      usage: true,
      cause: error,
    });
  }
}

/** What lies in the folder, in pages; leftovers of processes that were killed are removed. */
async function measure(folder: string): Promise<{ pages: number }> {
  let pages = 0;
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const info = await stat(path).catch(() => undefined); // Another process may have renamed it.
    if (info === undefined) continue;
    if (entry.name.endsWith(".tmp") && Date.now() - info.mtimeMs > 3_600_000) await rm(path, { force: true });
    else pages += Math.ceil(info.size / page);
  }
  return { pages };
}

export class DiskCache implements PixelCache {
  readonly #folder: string;
  readonly #room: Int32Array;
  readonly #made = new Set<string>();

  constructor({ folder, room }: DiskShare) {
    this.#folder = folder;
    this.#room = new Int32Array(room);
  }

  /** Pixels that are there already need no cache. */
  keyOf(content: RawImage | Uint8Array): string | undefined {
    if (!(content instanceof Uint8Array)) return undefined;
    return createHash("sha256").update(content).digest("hex").slice(0, 40);
  }

  /** The image; nothing where there is none or where the file is damaged, which is then written anew. */
  async read(key: string): Promise<RawImage | undefined> {
    const bytes = await readFile(this.#file(key)).catch(() => undefined);
    if (bytes === undefined || bytes.length < headerBytes) return undefined;
    const [found, width, height, channels] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at)) as number[];
    if (found !== magic || bytes.length !== headerBytes + width! * height! * channels!) return undefined;
    return { data: bytes.subarray(headerBytes), width: width!, height: height!, channels: channels! };
  }

  async store(_index: number, key: string | undefined, { data, width, height, channels }: RawImage): Promise<void> {
    const pages = Math.ceil((headerBytes + data.length) / page);
    if (key === undefined || !this.#take(pages)) return;
    const header = Buffer.alloc(headerBytes);
    for (const [i, value] of [magic, width, height, channels].entries()) header.writeUInt32LE(value, 4 * i);
    const file = this.#file(key);
    const temporary = `${file}.${randomUUID()}.tmp`;
    try {
      const folder = key.slice(0, 2);
      if (!this.#made.has(folder)) await mkdir(join(this.#folder, folder), { recursive: true });
      this.#made.add(folder);
      await writeFile(temporary, [header, data]);
      await rename(temporary, file);
    } catch {
      // A full or vanished disk ends the writing, not the training: what is there is still read.
      await rm(temporary, { force: true }).catch(() => {});
      Atomics.store(this.#room, 0, 0);
      Atomics.store(this.#room, 1, 1);
    }
  }

  #file(key: string): string {
    return join(this.#folder, key.slice(0, 2), key.slice(2));
  }

  #take(pages: number): boolean {
    for (;;) {
      const room = Atomics.load(this.#room, 0);
      if (room < pages) {
        Atomics.store(this.#room, 1, 1);
        return false;
      }
      if (Atomics.compareExchange(this.#room, 0, room, room - pages) === room) return true;
    }
  }
}

/** Whether an image found no room. */
export function isFull({ room }: DiskShare): boolean {
  return Atomics.load(new Int32Array(room), 1) === 1;
}
