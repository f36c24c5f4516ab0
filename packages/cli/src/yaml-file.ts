// YAML files. The only import of yaml.

import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { UsageError } from "./usage-error.ts";

export async function readYaml(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new UsageError(`${path}: ${reason}`);
  });
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${path}: is not YAML: ${(error as Error).message.split("\n")[0]}`);
  }
}
