// Folders and files for tests.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** Gives a new empty folder at each call; all go when the tests of the file are through. */
export function temporaryFolders(name: string): () => Promise<string> {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), `vitrine-${name}-`));
  });
  afterAll(() => rm(root, { recursive: true }));
  return () => mkdtemp(join(root, "case-"));
}

/** Writes files by their paths below the folder. Gives the folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}
