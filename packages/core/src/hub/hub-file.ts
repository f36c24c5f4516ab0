// One file of one repository: from the cache when it is there, else from the hub into the cache.
// The order of things is that of Python's huggingface_hub (file_download.py), so that both agree on what is cached.

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError } from "../file-errors.ts";
import {
  blobPath,
  cachedFile,
  fileSize,
  isCommit,
  isSafeName,
  linkBlob,
  repoFolder,
  snapshotPath,
  writeRef,
} from "./cache.ts";
import { downloadBlob } from "./download.ts";
import { HubRefusal, HubTrouble, headAll, type RetryOptions, retrying } from "./http.ts";
import { hubError, notCached } from "./hub-errors.ts";
import { withLock } from "./lock.ts";
import type { HubSettings } from "./settings.ts";
import type { HubSource } from "./source.ts";

/** What a caller of the hub brings along. */
export interface HubContext extends RetryOptions {
  readonly settings: HubSettings;
  readonly onProgress?: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
  readonly onWarning: (message: string) => void;
  /** Names of repositories to suggest for a mistyped one. */
  readonly known: readonly string[];
}

export interface HubFile {
  readonly path: string;
  readonly commit: string;
  /** It was on the disk before. */
  readonly cached: boolean;
  /** The hub was to be asked and could not be. */
  readonly unreachable?: boolean;
}

/** Gets a file. An `optional` one that the repository or the offline cache does not have is nothing, not an error. */
export async function hubFile(
  hub: HubContext,
  source: HubSource,
  file: string,
  { optional = false } = {},
): Promise<HubFile | undefined> {
  const { settings } = hub;
  const cached = await cachedFile(settings.cache, source, file);
  if (cached !== undefined && (settings.offline || isCommit(source.revision))) return { ...cached, cached: true };
  if (settings.offline) {
    if (optional) return undefined;
    throw await notCached(hub, source, file);
  }
  let described: Description;
  try {
    // With a copy at hand, one question is enough. Without, somebody who has no connection should not wait long to hear it.
    const retries = cached === undefined ? Math.min(2, hub.retries) : 0;
    described = await retrying({ ...hub, retries }, () => describe(hub, source, file));
  } catch (error) {
    const missing =
      error instanceof HubRefusal && (error.code === "EntryNotFound" || error.code === "RevisionNotFound");
    if (missing && optional) return undefined;
    if (!(error instanceof HubRefusal || error instanceof HubTrouble)) throw error;
    if (cached === undefined || missing) {
      if (!optional || missing) throw await hubError(hub, source, file, error);
      hub.onWarning(`${source.repo}: ${file} could not be fetched (${error.message}); going on without it`);
      return undefined;
    }
    hub.onWarning(
      `${source.repo}: the hub could not be asked (${error.message}); using the copy in the cache, ${cached.path}`,
    );
    return { ...cached, cached: true, unreachable: true };
  }
  return toCache(hub, source, file, described).catch(async (error: unknown) => {
    if (error instanceof HubRefusal || error instanceof HubTrouble) throw await hubError(hub, source, file, error);
    throw fileError("write to the cache", settings.cache, error);
  });
}

interface Description {
  readonly commit: string;
  readonly etag: string;
  readonly size: number | undefined;
}

function resolveUrl(hub: HubContext, { repo, revision }: HubSource, file: string): string {
  return `${hub.settings.endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${file.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * Asks what a file is. Large files are described by the redirect to their storage, in headers of the hub's own; others by
 * the answer itself, possibly after redirects within the hub (renamed repositories, its cache).
 */
async function describe(hub: HubContext, source: HubSource, file: string): Promise<Description> {
  const url = resolveUrl(hub, source, file);
  const header = (hops: readonly Response[], name: string) =>
    hops.map((hop) => hop.headers.get(name)).findLast((value) => value !== null) ?? undefined;
  const away = (hop: Response) => new URL(hop.url).origin !== new URL(hub.settings.endpoint).origin;
  const leads = (hop: Response) => {
    const location = hop.headers.get("location");
    return (
      location !== null &&
      URL.canParse(location, hop.url) &&
      new URL(location, hop.url).origin !== new URL(hop.url).origin
    );
  };
  const hops = await headAll(
    url,
    (seen) =>
      header(seen, "x-repo-commit") !== undefined &&
      (header(seen, "x-linked-etag") !== undefined || leads(seen.at(-1)!) || away(seen.at(-1)!)),
    hub,
  );
  const last = hops.at(-1)!;
  const commit = header(hops, "x-repo-commit");
  const etag = (header(hops, "x-linked-etag") ?? last.headers.get("etag"))?.replace(/^W\//, "").replaceAll('"', "");
  if (commit === undefined || etag === undefined || !isSafeName(commit) || !isSafeName(etag))
    throw new HubTrouble(
      `${new URL(url).host} does not answer as a hub does (no commit or hash of the file); check HF_ENDPOINT, or the proxy in between`,
      { lasting: true },
    );
  const redirect = last.status >= 300;
  const bytes = header(hops, "x-linked-size") ?? (redirect ? undefined : last.headers.get("content-length"));
  const size = bytes === undefined || bytes === null || !/^\d+$/.test(bytes) ? undefined : Number(bytes);
  return { commit, etag, size };
}

async function toCache(hub: HubContext, source: HubSource, file: string, described: Description): Promise<HubFile> {
  const { settings } = hub;
  const { commit, etag, size } = described;
  const folder = repoFolder(settings.cache, source.repo);
  const blob = blobPath(folder, etag);
  const path = snapshotPath(folder, commit, file);
  const whole = async (candidate: string) => {
    const found = await fileSize(candidate);
    return found !== undefined && (size === undefined || found === size);
  };
  if (await whole(path)) {
    // The cache may be read-only, and the file is there.
    await writeRef(folder, source.revision, commit).catch(() => {});
    return { path, commit, cached: true };
  }
  await mkdir(dirname(blob), { recursive: true });
  const fresh = await withLock(
    join(settings.cache, ".locks", `${folder.slice(settings.cache.length + 1)}`, `${etag}.vitrine.lock`),
    hub.signal,
    async () => {
      if (await whole(path)) return false;
      const missing = !(await whole(blob));
      if (missing)
        // The commit, not the branch, which may move on between the question and the download.
        await downloadBlob({
          ...hub,
          url: resolveUrl(hub, { ...source, revision: commit }, file),
          blob,
          etag,
          size,
          label: `${source.repo}/${file}`,
        });
      await linkBlob(blob, path, { links: settings.links, fresh: missing });
      return missing;
    },
  );
  await writeRef(folder, source.revision, commit);
  return { path, commit, cached: !fresh };
}
