// Finds golden cases: the folders below the given ones that hold a case.json.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { VitrineError } from "@vitrine/core";
import { isGolden } from "@vitrine/test-utils/golden";

/** In the order of the folders and of names. @throws VitrineError where a folder is absent or holds no case. */
export function findCases(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new VitrineError(folder, "a folder of cases is expected here, there is none", { usage: true });
    const cases = below(folder);
    if (cases.length === 0) throw new VitrineError(folder, "no case.json is in it or below it", { usage: true });
    return cases;
  });
}

function below(folder: string): string[] {
  if (isGolden(folder)) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort()
    .flatMap(below);
}
