// Parameter counts, names and shapes of the full-size models, against the list of the reference implementation.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { configure, countParams, fileShape, type ParamSpec, specLeaves } from "@vitrine/core";
import { countVariantMacs } from "@vitrine/export";
import { findFamily } from "vitrine";
import type { Report } from "./report.ts";

interface Listed {
  params: number;
  /** 1e9 multiply-adds of one image; null where the reference cannot be counted. */
  gmacs: number | null;
  input_size: [channels: number, height: number, width: number];
  params_sha256: string;
  state_sha256: string;
}

/** Share by which multiply-adds may differ: references count some small products otherwise. */
const allowedMacs = 0.01;

/** Checks every listed model that a family of ours has, and says how many there are of the others. */
export async function checkVariants(file: string, report: Report): Promise<void> {
  const { variants } = JSON.parse(readFileSync(file, "utf8")) as { variants: Record<string, Listed> };
  let compared = 0;
  let worst = 0;
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
    if (listed.gmacs !== null) {
      const macs = (await countVariantMacs(family, name)) / 1e9;
      const off = Math.abs(macs / listed.gmacs - 1);
      worst = Math.max(worst, off);
      report.compared(
        off <= allowedMacs,
        `${name}: ${listed.gmacs} billion multiply-adds expected, ${macs.toFixed(4)} found`,
      );
    }
  }
  const rest = others.length > 0 ? `; ${others.length} of families that are not here yet` : "";
  console.log(
    `${file}: ${compared} variants compared${rest}; multiply-adds off by at most ${(100 * worst).toFixed(2)} %`,
  );
}

/** SHA-256 of the list of `[name, shape]` sorted by name, as JSON. */
function digest(leaves: [string, ParamSpec][]): string {
  const list = leaves.map(([path, leaf]) => [path, fileShape(leaf)] as const);
  list.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(list)).digest("hex");
}
