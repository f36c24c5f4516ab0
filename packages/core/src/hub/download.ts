// One file from the hub to the disk: resumed where an earlier download stopped, checked by size and hash, and only then
// given its name. A partial file belongs to one process: it is claimed by a rename, which only one process can do.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { renameOver, syncFolder } from "../atomic-file.ts";
import { VitrineError } from "../errors.ts";
import { fileError, systemCode } from "../file-errors.ts";
import { abandoned, temporaryName } from "../temporary-file.ts";
import { fileSize } from "./cache.ts";
import { get, HubRefusal, HubTrouble, type RequestOptions, type RetryOptions, retrying, troubleOf } from "./http.ts";

export interface Download extends RequestOptions, RetryOptions {
  readonly url: string;
  /** Where the file goes when it is whole and right. */
  readonly blob: string;
  /** The hub's hash of the content: sha256 of large files, git's sha1 of others. */
  readonly etag: string;
  /** Bytes of the whole, where the hub said so. */
  readonly size: number | undefined;
  /** How errors call it. */
  readonly label: string;
  readonly onProgress?: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
}

/** Downloads a blob. Throws HubTrouble or HubRefusal for what the hub did, VitrineError for the disk and wrong content. */
export async function downloadBlob(download: Download): Promise<void> {
  const { blob, signal } = download;
  const folder = dirname(blob);
  const mine = join(folder, temporaryName(basename(blob), "incomplete"));
  // Where a partial file waits for the next try, of this process or another.
  const kept = `${blob}.vitrine.incomplete`;
  let finished = false;
  try {
    await claim(folder, basename(blob), kept, mine);
    let resumed = await checkSpace(download, mine);
    for (;;) {
      await retrying(download, (progressed) => receive(download, mine, progressed));
      const wrong = await verify(download, mine);
      if (wrong === undefined) break;
      await rm(mine, { force: true });
      if (resumed === 0)
        throw new VitrineError(
          download.label,
          `${wrong}; nothing was kept. Something between here and the hub (a proxy, a mirror) changes files; try another connection, or fetch the file by hand and give its path`,
        );
      // The part an earlier download left was bad; the whole may still be good.
      resumed = 0;
    }
    await renameOver(mine, blob);
    finished = true;
    await syncFolder(folder);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw fileError("write", blob, error);
  } finally {
    if (!finished) await keep(mine, kept);
  }
}

/** Takes over the largest partial file that nobody is writing, and removes the others. */
async function claim(folder: string, base: string, kept: string, mine: string): Promise<void> {
  const candidates: { path: string; size: number }[] = [];
  for (const path of [kept, ...(await abandoned(folder, base, "incomplete"))])
    candidates.push({ path, size: (await fileSize(path)) ?? -1 });
  candidates.sort((a, b) => b.size - a.size);
  for (const { path, size } of candidates) {
    if (size < 0) continue;
    if (size > 0 && (await fileSize(mine)) === undefined) await rename(path, mine).catch(() => {});
    else await rm(path, { force: true }).catch(() => {});
  }
}

/** Leaves a partial file to the next try, unless it holds nothing. */
async function keep(mine: string, kept: string): Promise<void> {
  if (((await fileSize(mine)) ?? 0) > 0) await rename(mine, kept).catch(() => {});
  else await rm(mine, { force: true }).catch(() => {});
}

/** Refuses a download that cannot fit. Returns the bytes that are already there. */
async function checkSpace({ blob, size, label }: Download, mine: string): Promise<number> {
  const have = (await fileSize(mine)) ?? 0;
  const disk = await statfs(dirname(blob)).catch(() => undefined);
  // Some network drives report no blocks at all.
  if (size === undefined || disk === undefined || disk.blocks === 0) return have;
  const free = disk.bavail * disk.bsize;
  if (size - have > free)
    throw new VitrineError(
      label,
      `needs ${megabytes(size - have)} on the disk of ${dirname(blob)}, which has ${megabytes(free)} free; free some space or set HF_HUB_CACHE to a folder on another disk`,
    );
  return have;
}

/** One try: asks for what is missing and appends it. */
async function receive(download: Download, mine: string, progressed: () => void): Promise<void> {
  const { url, size, settings, onProgress } = download;
  let received = (await fileSize(mine)) ?? 0;
  if (size !== undefined && received > size) {
    await rm(mine);
    received = 0;
  }
  if (size !== undefined && received === size && size > 0) return;

  const idle = idleSignal(settings.idleTimeout);
  let file: FileHandle | undefined;
  try {
    const range = received > 0 ? { range: `bytes=${received}-` } : undefined;
    const response = await get(url, { ...download, ...(range && { headers: range }) }, idle.signal);
    if (received > 0 && !continuesAt(response, received)) received = 0;
    file = await open(mine, received === 0 ? "w" : "a");
    onProgress?.(received, size);
    for await (const chunk of chunks(response, download)) {
      idle.touch();
      await file.writeFile(chunk);
      received += chunk.length;
      progressed();
      onProgress?.(received, size);
    }
    await file.sync();
  } catch (error) {
    if (error instanceof HubRefusal && error.status === 416) {
      await rm(mine, { force: true });
      throw new HubTrouble("the hub has no bytes where the partial download ended", { cause: error });
    }
    // A partial file on a full disk would be in the way of whatever the user does about it.
    if (systemCode(error) === "ENOSPC" || systemCode(error) === "EDQUOT") await rm(mine, { force: true });
    throw error;
  } finally {
    idle.stop();
    await file?.close();
  }
  if (size !== undefined && received < size)
    throw new HubTrouble(`the connection ended after ${received} of ${size} bytes`);
}

/** A server may answer a request for the rest with the whole. */
function continuesAt(response: Response, position: number): boolean {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return response.status === 206 && Number(start) === position;
}

async function* chunks(response: Response, download: Download): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw troubleOf(download.url, cause, download);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** A signal that fires when `touch` was not called for `ms`. */
function idleSignal(ms: number): { signal: AbortSignal; touch(): void; stop(): void } {
  const controller = new AbortController();
  const expire = () => controller.abort(new DOMException("no bytes arrived", "TimeoutError"));
  const timer = setTimeout(expire, ms);
  return { signal: controller.signal, touch: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

/** What is wrong with a finished file, if anything. Reads what is on the disk, so the part of an earlier try counts too. */
async function verify({ etag, size }: Download, path: string): Promise<string | undefined> {
  const found = (await fileSize(path)) ?? 0;
  if (size !== undefined && found !== size) return `expected ${size} bytes, received ${found}`;
  const algorithm = /^[0-9a-f]{64}$/.test(etag) ? "sha256" : /^[0-9a-f]{40}$/.test(etag) ? "sha1" : undefined;
  // Other hubs name files by something else; the size is all there is to check.
  if (algorithm === undefined) return undefined;
  const plain = createHash(algorithm);
  // git hashes a blob with its kind and length before it; hubs of other makers hash the bytes alone.
  const git = algorithm === "sha1" ? createHash("sha1").update(`blob ${found}\0`) : undefined;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    plain.update(chunk);
    git?.update(chunk);
  }
  const hash = plain.digest("hex");
  return hash === etag || git?.digest("hex") === etag
    ? undefined
    : `expected ${algorithm} ${etag}, received other content (${hash})`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
