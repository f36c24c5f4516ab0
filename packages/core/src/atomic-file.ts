// Files that are there whole or not at all. Written under a temporary name in the same folder, forced to disk, renamed over
// the old file, and the folder forced to disk: after a kill, a crash or a power cut a reader finds the old bytes or the new.

import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError } from "./file-errors.ts";
import { removeAbandoned, temporaryName } from "./temporary-file.ts";

/** What to write: all of it, or its pieces one after the other (so that no more than a piece is in memory). */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes a file so that nobody ever sees half of it. An existing file keeps its permissions, a symbolic link stays a link.
 * When anything fails (a full disk, a piece that throws) the temporary file is removed and the old file is untouched.
 * Throws a VitrineError that names the file and the next step for whatever the operating system refuses.
 */
export async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const folder = dirname(target);
  const base = `.${basename(target).slice(0, 60)}`;
  const temporary = join(folder, temporaryName(base, "tmp"));
  let handle: FileHandle | undefined;
  try {
    const old = await stat(target).catch(() => undefined);
    // Renaming over a folder fails only at the very end, and with words that differ from system to system.
    if (old?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR", syscall: "open" });
    await removeAbandoned(folder, base, "tmp");
    handle = await open(temporary, "wx", 0o666);
    if (old !== undefined) await handle.chmod(old.mode & 0o7777).catch(() => {});
    for await (const piece of pieces(content)) await writeAll(handle, piece);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await renameOver(temporary, target);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError("write", path, error, "; nothing was changed");
  }
  await syncFolder(folder);
}

function pieces(content: FileContent): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> {
  return typeof content === "string" || content instanceof Uint8Array ? [content] : content;
}

/** A single system call takes at most 2 GiB, and may take less than it was given. */
const pieceBytes = 64 * 1024 * 1024;

async function writeAll(handle: FileHandle, piece: string | Uint8Array): Promise<void> {
  const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, Math.min(pieceBytes, bytes.length - at))).bytesWritten;
}

/** Windows refuses to replace a file that a virus scanner or an indexer is just looking at. */
export async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (process.platform !== "win32" || attempt === 10 || !["EPERM", "EACCES", "EBUSY"].includes(code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * attempt));
    }
  }
}

/** The new name itself must reach the disk. Not every system lets a folder be opened; then there is nothing to do. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
