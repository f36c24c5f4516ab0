// Where things are kept that can be made again: indexes of shards whose folder is read-only, and unpacked shards.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";

/** `VITRINE_CACHE`, else the system's place for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.VITRINE_CACHE) return env.VITRINE_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "vitrine");
}

/** A name for what belongs to `file`, told apart from files of the same name in other folders. */
export function cacheName(file: string): string {
  return `${createHash("sha256").update(resolve(file)).digest("hex").slice(0, 16)}-${basename(file)}`;
}

/** What tells one state of a file from another. */
export interface FileState {
  size: number;
  mtimeMs: number;
}

export async function stateOf(file: string): Promise<FileState> {
  const { size, mtimeMs } = await stat(file);
  return { size, mtimeMs };
}
