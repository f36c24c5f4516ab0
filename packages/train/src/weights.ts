// Weights as a file others can use: safetensors under the reference's keys, with what it takes to use them in its metadata.

import { readFile } from "node:fs/promises";
import type { Model, State } from "@vitrine/core";
import { writeSafetensors } from "@vitrine/core/node";
import { entriesOf } from "./checkpoint.ts";

/** This package's version. */
export async function ownVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Writes parameters and buffers with metadata: `arch` (the variant's name), `config`, `classes` and `preprocess` as JSON,
 * `vitrine` (the version), and what `about` adds. The file is there whole or not at all.
 */
export async function saveWeights(
  path: string,
  model: Model,
  state: State,
  about: Readonly<Record<string, string>> = {},
): Promise<void> {
  const metadata: Record<string, string> = {
    format: "pt",
    arch: model.name,
    config: JSON.stringify(model.config),
    preprocess: JSON.stringify(model.preprocess),
    vitrine: await ownVersion(),
    ...about,
  };
  if (model.classes !== undefined) metadata.classes = JSON.stringify(model.classes);
  await writeSafetensors(path, entriesOf(state), metadata);
}
