// What a user means by the weights they name: a file, a folder, or a repository of the hub.

import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { didYouMean, VitrineError } from "../errors.ts";
import { fileError, systemCode } from "../file-errors.ts";

export interface HubSource {
  /** `org/name`. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** `hf-hub:org/name@revision` in its parts; the prefixes are those of timm and of the hub's own addresses. */
export function parseHubSource(source: string): HubSource | undefined {
  const text = source.replace(/^(hf-hub:|hf_hub:|hf:\/\/)/, "");
  const at = text.indexOf("@");
  const repo = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? "main" : text.slice(at + 1);
  const part = /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/;
  const parts = repo.split("/");
  const legal =
    parts.length === 2 && repo.length <= 96 && parts.every((name) => part.test(name) && !/--|\.\./.test(name));
  return legal && isRevision(revision) ? { repo, revision } : undefined;
}

/** Revisions become paths in the cache, so they must not climb out of it. */
function isRevision(revision: string): boolean {
  return /^[^\s\\:?*"<>|^~]+$/.test(revision) && revision.split("/").every((part) => !/^\.*$/.test(part));
}

/**
 * The weights file a local path means, or nothing when the path does not exist. In a folder that is
 * `model.safetensors`, else the only safetensors file.
 */
export async function localWeights(source: string): Promise<string | undefined> {
  const path = source.replace(/^~(?=$|[\\/])/, homedir());
  const info = await stat(path).catch((error: unknown) => {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === undefined) return undefined;
    throw fileError("read", source, error);
  });
  if (info === undefined || !info.isDirectory()) return info && path;
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError("read", source, error);
  });
  const found = names.filter((name) => name.endsWith(".safetensors")).sort();
  const name = found.find((candidate) => candidate === "model.safetensors") ?? found[0];
  if (found.length > 1 && name !== "model.safetensors")
    throw new VitrineError(source, `holds ${found.length} safetensors files (${some(found)}); name the one to load`, {
      usage: true,
    });
  if (name === undefined)
    throw new VitrineError(
      source,
      `expected a safetensors file in this folder, found ${some(names.sort())}${pickles(names)}`,
      {
        usage: true,
      },
    );
  return join(path, name);
}

/** The error for a source that is neither on this disk nor the name of a repository. */
export async function unknownSource(source: string): Promise<VitrineError> {
  const siblings = await readdir(dirname(source)).catch(() => [] as string[]);
  const hint = didYouMean(basename(source), siblings);
  return new VitrineError(
    source,
    `no such file or folder${hint}, and not a repository of the hub either: those are written org/name or org/name@revision`,
    { usage: true },
  );
}

/** Whether a text is meant as a path, whatever is on the disk. */
export function looksLikePath(source: string): boolean {
  return /^(\.{0,2}[\\/]|~[\\/]|[A-Za-z]:[\\/])/.test(source) || /\.(safetensors|pth|pt|bin|onnx|ckpt)$/.test(source);
}

/** The first few of a list of names. */
export function some(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  return names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
}

/** Advice where only Python's format is there. */
export function pickles(names: readonly string[]): string {
  return names.some((name) => /\.(bin|pth|pt|ckpt)$/.test(name))
    ? "; convert the PyTorch file in Python with safetensors.torch.save_file(state_dict, file)"
    : "";
}
