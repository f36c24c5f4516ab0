// Looks at each package as a user would get it: the files of its tarball, publint, and whether its types resolve (attw).

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkTarball, packAll } from "./packages/pack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vitrine-packed-"));
const bin = (name) => join(root, "node_modules", ".bin", name);
let failed = 0;

/** Runs a checker; its output is shown only where it complains. */
function run(command, args) {
  const result = spawnSync(bin(command), args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (result.status === 0) return [];
  return [`${command}: ${(result.error?.message ?? `${result.stdout}${result.stderr}`).trim()}`];
}

try {
  for (const packed of packAll(root, folder)) {
    const problems = [
      ...checkTarball(root, packed),
      ...run("publint", ["run", packed.tarball, "--strict"]),
      ...run("attw", [packed.tarball, "--profile", "esm-only", "--no-definitely-typed", "--no-emoji", "-f", "ascii"]),
    ];
    const { name, manifest } = packed.package;
    const about = `${packed.files.length} files, ${Math.ceil(packed.size / 1000)} kB`;
    console.log(`${name} ${manifest.version}: ${about}${problems.length === 0 ? "" : `, ${problems.length} problems`}`);
    for (const problem of problems) console.error(`  ${problem.replaceAll("\n", "\n  ")}`);
    failed += problems.length;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
