// The hub's cache on disk, in the layout of Python's huggingface_hub, so that each finds what the other downloaded:
//   models--org--name/blobs/<etag>                     the bytes, named by their hash
//   models--org--name/snapshots/<commit>/<file>        links to blobs
//   models--org--name/refs/<branch or tag>             the commit it was last seen at

import { copyFile, mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { renameOver, writeFileAtomic } from "../atomic-file.ts";
import { removeAbandoned, temporaryName } from "../temporary-file.ts";
import type { HubSource } from "./source.ts";

/** Folder of a repository. */
export function repoFolder(cache: string, repo: string): string {
  return join(cache, `models--${repo.replaceAll("/", "--")}`);
}

export function blobPath(folder: string, etag: string): string {
  return join(folder, "blobs", etag);
}

export function snapshotPath(folder: string, commit: string, file: string): string {
  return join(folder, "snapshots", commit, ...file.split("/"));
}

/** Revisions that are commits never change, so a cached file of one needs no question to the hub. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** The commit a revision was last seen at, if it was ever seen. */
export async function cachedCommit(folder: string, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision;
  const text = await readFile(join(folder, "refs", ...revision.split("/")), "utf8").catch(() => "");
  return isSafeName(text.trim()) ? text.trim() : undefined;
}

/** The cached copy of a file, and the commit it belongs to. */
export async function cachedFile(
  cache: string,
  { repo, revision }: HubSource,
  file: string,
): Promise<{ path: string; commit: string } | undefined> {
  const folder = repoFolder(cache, repo);
  const commit = await cachedCommit(folder, revision);
  if (commit === undefined) return undefined;
  const path = snapshotPath(folder, commit, file);
  return (await fileSize(path)) !== undefined ? { path, commit } : undefined;
}

/** Repositories that have a folder in the cache. */
export async function cachedRepos(cache: string): Promise<string[]> {
  const names = await readdir(cache).catch(() => []);
  return names.filter((name) => name.startsWith("models--")).map((name) => name.slice(8).replace("--", "/"));
}

/** Remembers that `revision` is now `commit`. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision === commit || (await cachedCommit(folder, revision)) === commit) return;
  const path = join(folder, "refs", ...revision.split("/"));
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, commit);
}

/**
 * Makes the blob appear under its file name in the snapshot: by a relative link, so that the cache can be moved. Without
 * links the bytes themselves go there: moved when they were `fresh`ly downloaded, else copied, for others may link to them.
 */
export async function linkBlob(blob: string, path: string, how: { links: boolean; fresh: boolean }): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  // Built beside the name and renamed over it, so that at no moment the name is missing or half there.
  const base = `.${basename(path)}`;
  await removeAbandoned(folder, base, "link");
  const temporary = join(folder, temporaryName(base, "link"));
  try {
    if (how.links && (await tryLink(relative(folder, blob), temporary))) await renameOver(temporary, path);
    else if (how.fresh) await renameOver(blob, path);
    else {
      await copyFile(blob, temporary);
      await renameOver(temporary, path);
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

async function tryLink(target: string, path: string): Promise<boolean> {
  return symlink(target, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // Windows without developer mode, FAT disks, some network drives.
      if (["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "UNKNOWN"].includes(error.code ?? ""))
        return false;
      throw error;
    },
  );
}

/** Bytes of a file, following links; nothing when it is not there or its link leads nowhere. */
export async function fileSize(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() ? info.size : undefined;
}

/** Names the hub gives (commits, etags) become file names, so they must be nothing else. */
export function isSafeName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,199}$/.test(name);
}
