// pnpm parity FOLDER... [--backend onnx,cpu]
//
// Compares our models with their reference implementations: every case below the folders, on every backend, a row each.
// A file `variants.json` has parameter counts, names and shapes of full-size models compared instead, and a folder with
// `transforms.json` operations on images and batches.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { didYouMean, VitrineError } from "@vitrine/core";
import { type BackendName, backendNames, useBackend } from "@vitrine/test-utils/golden";
import { findCases } from "./cases.ts";
import { Report } from "./report.ts";
import { runCase } from "./run-case.ts";
import { checkTransforms, transformsFile } from "./transforms/transforms.ts";
import { checkVariants } from "./variants.ts";

const usage = `usage: pnpm parity FOLDER... [--backend ${backendNames.join(",")}]`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: "string", default: backendNames.join(",") }, help: { type: "boolean", short: "h" } },
  });
  if (values.help || positionals.length === 0) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const backends = values.backend.split(",").map(backendOf);
  const lists = positionals.filter((path) => path.endsWith(".json"));
  const transforms = positionals.filter((path) => existsSync(join(path, transformsFile)));
  const folders = findCases(positionals.filter((path) => !path.endsWith(".json") && !transforms.includes(path)));
  const report = new Report();
  for (const file of lists) await checkVariants(file, report);
  for (const folder of transforms) await checkTransforms(folder, report);
  for (const backend of folders.length === 0 ? [] : backends) {
    try {
      await useBackend(backend);
    } catch (error) {
      report.failure(backend, (error as Error).message);
      continue;
    }
    for (const folder of folders) await runCase(folder, backend, report);
  }
  return report.finish();
}

function backendOf(name: string): BackendName {
  const found = backendNames.find((known) => known === name);
  if (found) return found;
  const message = `unknown backend "${name}"${didYouMean(name, backendNames)}. Backends are ${backendNames.join(", ")}`;
  throw new VitrineError("parity", message, { usage: true });
}

try {
  process.exitCode = await main();
} catch (error) {
  const usageError =
    error instanceof VitrineError ? error.usage : (error as { code?: string }).code?.startsWith("ERR_PARSE");
  console.error(error instanceof VitrineError || usageError ? (error as Error).message : error);
  process.exitCode = usageError ? 2 : 1;
}
