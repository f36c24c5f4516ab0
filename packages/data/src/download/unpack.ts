// Archives to folders. What an archive says about itself is not believed: names stay below the folder, links are left out, and what
// comes out must be in proportion to what went in.

import { open, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { makeFolder } from "@vitrine/core/node";
import { ByteReader } from "../shards/byte-reader.ts";
import { readTar } from "../shards/tar-file.ts";
import { readZip } from "./zip-file.ts";

export interface Unpacked {
  files: number;
  /** Links and devices, which are not made. */
  skipped: number;
}

export interface UnpackOptions {
  signal?: AbortSignal;
  onProgress?: (files: number) => void;
}

/** Images hardly shrink, and CIFAR's pixels to a half: a hundredfold is a bomb. */
const mostGrowth = 200;
const pieceBytes = 1 << 20;

/** An entry of a tar or zip archive. */
interface Entry {
  name: string;
  kind: "file" | "folder" | "link" | "other";
  pieces(): AsyncIterable<Uint8Array>;
}

/** True for names of archives this module unpacks. */
export function isArchive(name: string): boolean {
  return /\.(zip|tar|tar\.gz|tgz)$/i.test(name);
}

/**
 * Unpacks a tar, tar.gz or zip archive below `folder`. @throws VitrineError for a damaged archive, a name that leads out of the folder,
 * a name that comes twice, and one that holds far more than it should; what was unpacked until then is the caller's to remove.
 */
export async function unpack(archive: string, folder: string, options: UnpackOptions = {}): Promise<Unpacked> {
  const limit = (await stat(archive)).size * mostGrowth + 2 ** 20;
  const entries = /\.zip$/i.test(archive) ? readZip(archive) : tarEntries(archive);
  const made = new Set<string>();
  const done: Unpacked = { files: 0, skipped: 0 };
  let bytes = 0;
  for await (const entry of entries) {
    options.signal?.throwIfAborted();
    const path = safePath(archive, entry.name);
    if (path === undefined) continue;
    if (entry.kind === "link" || entry.kind === "other") {
      done.skipped++;
      continue;
    }
    const target = join(folder, ...path);
    if (entry.kind === "folder") {
      await makeFolder(target);
      continue;
    }
    const parent = dirname(target);
    if (!made.has(parent)) await makeFolder(parent);
    made.add(parent);
    const file = await create(archive, target, entry.name);
    try {
      for await (const piece of entry.pieces()) {
        bytes += piece.length;
        if (bytes > limit)
          throw new VitrineError(
            archive,
            `holds more than ${mostGrowth} times its own size; it is not what it should be`,
          );
        await file.writeFile(piece);
      }
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    done.files++;
    options.onProgress?.(done.files);
  }
  if (done.files === 0) throw new VitrineError(archive, "the archive holds no files");
  return done;
}

/** The parts of a name, or undefined for the archive's own root. */
function safePath(archive: string, name: string): string[] | undefined {
  const refuse = (why: string) =>
    new VitrineError(archive, `${why}: "${name.slice(0, 100)}"; nothing of it is kept. Do not trust this archive`);
  if (name.includes("\0") || name.includes("\\")) throw refuse("a name with a character that no name has");
  if (name.startsWith("/") || /^[a-z]:/i.test(name)) throw refuse("an absolute name");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse("a name that leads out of the folder");
  return parts.length === 0 ? undefined : parts;
}

async function create(archive: string, target: string, name: string) {
  try {
    // "wx": never over another file, and never through a link.
    return await open(target, "wx");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "EEXIST" ? "the name comes twice" : (error as Error).message;
    throw new VitrineError(archive, `"${name.slice(0, 100)}" cannot be written: ${why}`, { cause: error });
  }
}

async function* tarEntries(archive: string): AsyncGenerator<Entry> {
  const reader = await ByteReader.open(archive);
  const complain = (offset: number, reason: string) => {
    throw new VitrineError(archive, `damaged at byte ${offset}: ${reason}; download it again`);
  };
  try {
    for await (const { name, kind, size, next } of readTar(reader, complain)) {
      async function* pieces() {
        for (let left = size; left > 0; ) {
          const piece = await next(pieceBytes);
          if (piece.length === 0) throw new VitrineError(archive, `ends within ${basename(name)}; download it again`);
          left -= piece.length;
          yield piece;
        }
      }
      yield { name, kind, pieces };
    }
  } finally {
    await reader.close();
  }
}
