// pnpm macs [NAME...]
//
// Counts the multiply-adds of every model (or of those named) from its traced graph and writes packages/vitrine/src/macs.ts.
// Minutes for the whole list; the list is then read, not counted, by `listModels`.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countVariantMacs } from "@vitrine/export";
import { loadFamilies } from "vitrine";

const file = fileURLToPath(new URL("../../../packages/vitrine/src/macs.ts", import.meta.url));
const wanted = process.argv.slice(2);
const source = readFileSync(file, "utf8");
const known = new Map(
  [...source.matchAll(/^ {2}(\w+): ([\d.]+),$/gm)].map(([, name, value]) => [name!, Number(value)]),
);
const counted = new Map<string, number>();
const families = await loadFamilies();
const total = families.reduce((sum, { variants }) => sum + Object.keys(variants).length, 0);
let done = 0;
for (const family of families)
  for (const name of Object.keys(family.variants)) {
    done++;
    const kept = wanted.length > 0 && !wanted.includes(name) ? known.get(name) : undefined;
    const value = kept ?? Number(((await countVariantMacs(family, name)) / 1e6).toPrecision(6));
    counted.set(name, value);
    if (kept === undefined) console.log(`${done}/${total}  ${name}  ${(value / 1000).toFixed(3)} G`);
  }
const rows = [...counted].map(([name, value]) => `  ${name}: ${value},`);
const [head] = source.split("export const");
writeFileSync(file, `${head}export const macs: Readonly<Record<string, number>> = {\n${rows.join("\n")}\n};\n`);
console.log(`wrote ${counted.size} models`);
