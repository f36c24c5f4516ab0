// File patterns, for shells that leave them as they are (Windows) and for quoted ones.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Each path, with `*` and `?` in its parts (and `**` for folders at any depth) replaced by what is there. */
export async function glob(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const exists = await stat(path).then(
      () => true,
      () => false,
    );
    if (exists || !/[*?]/.test(path)) {
      found.push(path); // a missing one is named by whoever opens it
      continue;
    }
    const matches = await expand(path);
    found.push(...(matches.length > 0 ? matches : [path]));
  }
  return found;
}

async function expand(pattern: string): Promise<string[]> {
  const parts = pattern.split(/[\\/]/);
  const start = parts[0] === "" ? "/" : "";
  let folders = [start];
  for (const [i, part] of (start === "" ? parts : parts.slice(1)).entries()) {
    const last = i === (start === "" ? parts : parts.slice(1)).length - 1;
    const next: string[] = [];
    for (const folder of folders) {
      if (part === "**") next.push(...(await below(folder)));
      else if (!/[*?]/.test(part)) next.push(join(folder, part));
      else
        for (const entry of await entries(folder))
          if (matches(part, entry.name) && (last || entry.isDirectory())) next.push(join(folder, entry.name));
    }
    folders = next;
  }
  return [...new Set(folders)].sort();
}

async function below(folder: string): Promise<string[]> {
  const found = [folder];
  for (const entry of await entries(folder))
    if (entry.isDirectory() && !entry.name.startsWith(".")) found.push(...(await below(join(folder, entry.name))));
  return found;
}

async function entries(folder: string) {
  return readdir(folder === "" ? "." : folder, { withFileTypes: true }).catch(() => []);
}

function matches(pattern: string, name: string): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false;
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(name);
}
