// Folders, made one level at a time: Node's own recursive mkdir never returns where the system answers "no such folder" for a
// child of a folder that exists, as /proc does.

import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileError, systemCode } from "./file-errors.ts";

/** Makes a folder and those above it; one that is there already is fine. @throws VitrineError that says why it cannot be. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(resolve(path));
  } catch (error) {
    throw fileError("make the folder", path, error);
  }
}

async function make(path: string): Promise<void> {
  if ((await kindOf(path)) === "folder") return;
  if ((await kindOf(dirname(path))) === "nothing" && dirname(path) !== path) await make(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if ((await kindOf(path)) !== "folder") throw error; // Others may have made it in the meantime.
  }
}

async function kindOf(path: string): Promise<"folder" | "other" | "nothing"> {
  return stat(path).then(
    (found) => (found.isDirectory() ? "folder" : "other"),
    (error) => (systemCode(error) === "ENOENT" ? "nothing" : "other"),
  );
}
