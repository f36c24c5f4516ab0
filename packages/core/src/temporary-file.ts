// Names for files that are still being written, made so that a later process can tell which of them nobody writes any more.
// A name holds the machine and the process: `.last.safetensors.node7-4711-9f86d081.tmp`.

import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** A writer that has not touched its file for this long is gone, whatever machine it was on. */
const abandonedAfterMs = 60 * 60 * 1000;

/** This machine and process, as it stands in names. */
export function owner(): string {
  return `${hostname()
    .replace(/[^A-Za-z0-9]/g, "_")
    .slice(0, 40)}-${process.pid}`;
}

/** A name nobody else uses, for a file that becomes `base`: `<prefix><base>.<machine>-<process>-<random>.<suffix>`. */
export function temporaryName(base: string, suffix: string): string {
  return `${base}.${owner()}-${randomBytes(4).toString("hex")}.${suffix}`;
}

/** Files in `folder` that were to become `base` and whose writers are gone. Never fails: what it cannot see it leaves. */
export async function abandoned(folder: string, base: string, suffix: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const found: string[] = [];
  for (const name of names) {
    if (!name.startsWith(`${base}.`) || !name.endsWith(`.${suffix}`)) continue;
    const parts = /^(\w+)-(\d+)-[0-9a-f]{8}$/.exec(name.slice(base.length + 1, -suffix.length - 1));
    if (parts === null) continue;
    const path = join(folder, name);
    if (isGone(`${parts[1]}-${parts[2]}`) || (await isOld(path))) found.push(path);
  }
  return found;
}

/** Removes what earlier, killed writers of `base` left behind. */
export async function removeAbandoned(folder: string, base: string, suffix: string): Promise<void> {
  for (const path of await abandoned(folder, base, suffix)) await rm(path, { force: true }).catch(() => {});
}

/** Whether the process behind an `owner()` has certainly ended. Those of other machines cannot be asked. */
export function isGone(name: string): boolean {
  const [machine, pid] = name.split("-");
  // Our own number may stand for another thread of this process.
  if (machine !== owner().split("-")[0] || Number(pid) === process.pid || !(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function isOld(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > abandonedAfterMs;
}
