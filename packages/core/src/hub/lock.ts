// A lock among processes, so that eight ranks that want the same weights download them once. It is a courtesy: nothing
// becomes wrong when two hold it (downloads have files of their own and are checked), so whatever is odd is let pass.

import { mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isGone, owner, temporaryName } from "../temporary-file.ts";

const heartbeatMs = 2000;
const staleAfterMs = 20_000;

/** Runs `action` while holding the lock file; waits for whoever holds it and is alive. */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
  const release = await acquire(path, signal);
  try {
    return await action();
  } finally {
    await release();
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true }).catch(() => {});
  for (;;) {
    signal?.throwIfAborted();
    try {
      const handle = await open(path, "wx");
      await handle.writeFile(owner()).catch(() => {});
      await handle.close();
      const heartbeat = setInterval(() => {
        const now = new Date();
        utimes(path, now, now).catch(() => {});
      }, heartbeatMs);
      heartbeat.unref();
      return async () => {
        clearInterval(heartbeat);
        await rm(path, { force: true }).catch(() => {});
      };
    } catch (error) {
      // A read-only or strange disk has no locks; the download itself will say what is wrong with it.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return async () => {};
    }
    if (await isStale(path)) await takeAway(path);
    else await sleep(200, undefined, signal && { signal });
  }
}

async function isStale(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return false;
  const holder = await readFile(path, "utf8").catch(() => "");
  return Date.now() - info.mtimeMs > staleAfterMs || isGone(holder);
}

/** By a rename, of which only one process can be the author. */
async function takeAway(path: string): Promise<void> {
  const away = temporaryName(path, "stale");
  await rename(path, away).catch(() => {});
  await rm(away, { force: true }).catch(() => {});
}
