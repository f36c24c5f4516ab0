// The families, dealt out to test files of about the same length.

import { readdirSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { VitrineError } from "@vitrine/core";
import { tinyModel } from "@vitrine/test-utils/golden";
import { findFamily } from "vitrine";
import { describeFamilyInUse } from "./describe-family-in-use.ts";

const models = fileURLToPath(new URL("../../../packages/models", import.meta.url));

/** Folders of fixtures with a tiny model, in order. */
function fixtureFolders(): URL[] {
  return readdirSync(models)
    .flatMap((family) =>
      readdirSync(join(models, family, "fixtures"), { recursive: true, encoding: "utf8" })
        .filter((file) => basename(file) === "tiny.json")
        .map((file) => join(models, family, "fixtures", dirname(file))),
    )
    .sort()
    .map((folder) => pathToFileURL(folder + sep));
}

/** Registers the tests of every `of`-th family, from the `share`-th (counted from 1) on. */
export async function describeShare(share: number, of: number): Promise<void> {
  for (const fixtures of fixtureFolders().filter((_, i) => i % of === share - 1)) {
    const { variant } = tinyModel(fixtures);
    const family = await findFamily(variant);
    if (family === undefined) throw new VitrineError(fileURLToPath(fixtures), `no family has the variant ${variant}`);
    describeFamilyInUse(family, fixtures);
  }
}
