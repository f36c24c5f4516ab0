// pnpm bench [NAME]: side-by-side measurements. Without a name, says which there are.

import { readdirSync } from "node:fs";

const names = readdirSync(new URL("suites/", import.meta.url))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -".mjs".length));
const [name, ...rest] = process.argv.slice(2);

if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`bench: there is no "${name}"`);
  console.error(`usage: pnpm bench NAME [--rounds N]\n\n${names.map((n) => `  ${n}`).join("\n")}`);
  process.exit(name === undefined ? 0 : 2);
}
const { run } = await import(new URL(`suites/${name}.mjs`, import.meta.url));
await run(rest);
