// Parameter counts, names and shapes of the full-size models, against the list of the reference implementation.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { configure, countParams, fileShape, type ParamSpec, specLeaves } from "@vitrine/core";
import { findFamily } from "vitrine";
import type { Report } from "./report.ts";

interface Listed {
  params: number;
  input_size: [channels: number, height: number, width: number];
  params_sha256: string;
  state_sha256: string;
}

/** Checks every listed model that a family of ours has, and says how many there are of the others. */
export async function checkVariants(file: string, report: Report): Promise<void> {
  const { variants } = JSON.parse(readFileSync(file, "utf8")) as { variants: Record<string, Listed> };
  let compared = 0;
  const others: string[] = [];
  for (const [name, listed] of Object.entries(variants)) {
    const family = await findFamily(name);
    if (family === undefined) {
      others.push(name);
      continue;
    }
    compared++;
    const config = configure(family, name);
    const spec = family.spec(config) as object;
    const leaves = specLeaves(spec);
    const size = [config.imgSize].flat();
    const found = {
      parameters: countParams(spec),
      names: digest(leaves.filter(([, leaf]) => leaf.trainable)),
      state: digest(leaves),
      "input size": `${config.inChans},${size[0]},${size[1] ?? size[0]}`,
    };
    const expected = {
      parameters: listed.params,
      names: listed.params_sha256,
      state: listed.state_sha256,
      "input size": listed.input_size.join(),
    };
    for (const key of Object.keys(found) as (keyof typeof found)[])
      report.compared(found[key] === expected[key], `${name}: ${key} ${expected[key]} expected, ${found[key]} found`);
  }
  const rest = others.length > 0 ? `; ${others.length} of families that are not here yet` : "";
  console.log(`${file}: ${compared} variants compared${rest}`);
}

/** SHA-256 of the list of `[name, shape]` sorted by name, as JSON. */
function digest(leaves: [string, ParamSpec][]): string {
  const list = leaves.map(([path, leaf]) => [path, fileShape(leaf)] as const);
  list.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(list)).digest("hex");
}
