// One file from a server (or a mirror's folder) to the disk: continued where an earlier try stopped, and checked before it gets its name.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, type FileHandle, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { VitrineError } from "@vitrine/core";

export interface FetchFile {
  urls: readonly string[];
  path: string;
  md5: string;
  /** Milliseconds between tries, doubled each time (1000). */
  retryDelay?: number;
  /** Milliseconds without a byte after which a connection is given up (60000). */
  idleTimeout?: number;
  signal?: AbortSignal;
  onProgress?: (received: number, total: number | undefined) => void;
}

/** Tries of one address in a row that bring nothing. */
const mostTries = 5;

/** True where the file was fetched, false where it was there already. @throws VitrineError that says what to do. */
export async function fetchFile(job: FetchFile): Promise<boolean> {
  const { path, md5 } = job;
  if ((await sizeOf(path)) !== undefined && (await md5Of(path)) === md5) return false;
  const part = `${path}.part`;
  let refused = "";
  for (const url of job.urls) {
    const resumed = await sizeOf(part);
    const outcome = await fetchFrom(job, url, part);
    if (outcome !== undefined) {
      refused += `${refused === "" ? "" : "; "}${url}: ${outcome}`;
      continue;
    }
    let found = await md5Of(part);
    if (found !== md5 && resumed !== undefined) {
      // What an earlier try left may have been bad; the whole may still be good.
      await rm(part, { force: true });
      if ((await fetchFrom(job, url, part)) === undefined) found = await md5Of(part);
    }
    if (found === md5) {
      await rename(part, path);
      return true;
    }
    await rm(part, { force: true });
    refused += `${refused === "" ? "" : "; "}${url}: expected md5 ${md5}, received ${found}`;
  }
  throw new VitrineError(
    "download",
    `${path} cannot be had: ${refused}. Try again later, or name another place with --mirror`,
  );
}

/** Undefined where all bytes came, else why they did not. */
async function fetchFrom(job: FetchFile, url: string, part: string): Promise<string | undefined> {
  if (!/^https?:/i.test(url)) return copyFrom(url, part);
  let delay = job.retryDelay ?? 1000;
  for (let attempt = 1; ; attempt++) {
    const before = (await sizeOf(part)) ?? 0;
    try {
      return await receive(job, url, part);
    } catch (error) {
      job.signal?.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
        throw new VitrineError(part, "the disk is full; free some space and try again", { cause: error });
      }
      if (((await sizeOf(part)) ?? 0) > before) {
        attempt = 0;
        delay = job.retryDelay ?? 1000;
      }
      if (attempt >= mostTries) return reasonOf(error);
      await new Promise((resolve) => setTimeout(resolve, delay));
      delay *= 2;
    }
  }
}

/** One connection: asks for what is missing and appends it. Returns why the server refused; throws for what may pass. */
async function receive(job: FetchFile, url: string, part: string): Promise<string | undefined> {
  let received = (await sizeOf(part)) ?? 0;
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error("no bytes arrived")), job.idleTimeout ?? 60_000);
  const signal = job.signal === undefined ? idle.signal : AbortSignal.any([idle.signal, job.signal]);
  let file: FileHandle | undefined;
  try {
    const headers = new Headers({ "accept-encoding": "identity" });
    if (received > 0) headers.set("range", `bytes=${received}-`);
    // Bytes must be those of the file: a server that packs them on the way breaks ranges.
    const response = await fetch(url, { signal, headers });
    if (response.status === 416) {
      await response.body?.cancel();
      const [, size] = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
      if (Number(size) === received) return undefined;
      await rm(part, { force: true });
      throw new Error("the server has no bytes where the partial file ends");
    }
    if (!response.ok) {
      await response.body?.cancel();
      const passing = response.status >= 500 || response.status === 429 || response.status === 408;
      if (passing) throw new Error(`the server answered ${response.status}`);
      return `the server answered ${response.status}`;
    }
    const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (response.status === 206 && Number(start) !== received) {
      await response.body?.cancel();
      await rm(part, { force: true });
      throw new Error("the server sent another part than the one that was asked for");
    }
    // A server may answer a request for the rest with the whole.
    if (response.status !== 206) received = 0;
    const length = response.headers.get("content-length");
    const total = length === null ? undefined : received + Number(length);
    await checkSpace(part, total === undefined ? 0 : total - received);
    file = await open(part, received === 0 ? "w" : "a");
    job.onProgress?.(received, total);
    if (response.body !== null)
      for await (const chunk of response.body) {
        timer.refresh();
        await file.writeFile(chunk);
        received += chunk.length;
        job.onProgress?.(received, total);
      }
    if (total !== undefined && received < total)
      throw new Error(`the connection ended after ${received} of ${total} bytes`);
    return undefined;
  } finally {
    clearTimeout(timer);
    await file?.close();
  }
}

/** A mirror on a disk of this machine. */
async function copyFrom(from: string, part: string): Promise<string | undefined> {
  try {
    await copyFile(from, part);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

async function checkSpace(part: string, needed: number): Promise<void> {
  const disk = await statfs(dirname(part)).catch(() => undefined);
  // Some network drives report no blocks at all.
  if (disk === undefined || disk.blocks === 0 || needed <= disk.bavail * disk.bsize) return;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  throw new VitrineError(
    part,
    `needs ${megabytes(needed)}, and the disk has ${megabytes(disk.bavail * disk.bsize)} free; choose a folder on another disk`,
    { usage: true },
  );
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? `${message} (${cause.message})` : message;
}
