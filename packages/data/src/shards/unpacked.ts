// Gzipped shards unpacked into the cache, for those who want a sample from the middle.

import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { makeFolder, writeFileAtomic } from "@vitrine/core/node";
import { ByteReader, isPacked } from "./byte-reader.ts";
import { cacheFolder, cacheName, stateOf } from "./cache-folder.ts";

/** A file with the bytes of `file`, unpacked: `file` itself where it is not packed. Made once for each state of the file. */
export async function unpacked(file: string, cache?: string): Promise<string> {
  if (!isPacked(file)) return file;
  const { size, mtimeMs } = await stateOf(file);
  const base = cacheName(file)
    .replace(/\.gz$/i, "")
    .replace(/\.tgz$/i, ".tar");
  const [, hash, name] = /^([0-9a-f]+)-(.*)$/s.exec(base)!;
  const path = join(cache ?? cacheFolder(), "unpacked", `${hash}-${size}-${Math.round(mtimeMs)}-${name}`);
  if ((await stat(path).catch(() => undefined)) !== undefined) return path;
  await makeFolder(dirname(path));
  await writeFileAtomic(path, pieces(file, size));
  // What was unpacked from earlier states of the file serves nobody.
  for (const other of await readdir(dirname(path)))
    if (other.startsWith(`${hash}-`) && !path.endsWith(other) && !other.endsWith(".tmp"))
      await rm(join(dirname(path), other), { force: true });
  return path;
}

/** Images hardly shrink, and plain pixels to a tenth: a shard of this many times its size is a bomb, and would fill the disk. */
const mostGrowth = 200;

async function* pieces(file: string, size: number): AsyncGenerator<Uint8Array> {
  const reader = await ByteReader.open(file);
  try {
    for (;;) {
      const piece = await reader.read(1 << 20);
      if (piece.length === 0) return;
      if (reader.position > size * mostGrowth + (1 << 20))
        throw new VitrineError(
          file,
          `holds more than ${mostGrowth} times its own size; unpack it by hand if you trust it`,
        );
      yield piece;
    }
  } finally {
    await reader.close();
  }
}
