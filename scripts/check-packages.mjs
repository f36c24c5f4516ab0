// Checks the shape of the workspace: who imports whom, what packages say of themselves, that families are alike, that
// changesets can be read, that links lead somewhere, and that nothing of one machine is committed. Part of `pnpm lint`; prints each problem on a line and fails on any.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkArrows } from "./packages/arrows.mjs";
import { checkChangesets } from "./packages/changesets.mjs";
import { checkFamilies } from "./packages/families.mjs";
import { checkLinks } from "./packages/links.mjs";
import { checkManifests } from "./packages/manifests.mjs";
import { checkTracked } from "./packages/tracked.mjs";
import { readWorkspace } from "./packages/workspace.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
const packages = readWorkspace(root);
const rootManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
  .split("\0")
  .filter(Boolean);

const problems = [
  ...checkArrows(packages, rootManifest),
  ...checkManifests(root, packages),
  ...checkFamilies(root, packages),
  ...checkChangesets(root, packages),
  ...checkTracked(root, tracked),
  ...checkLinks(root, tracked),
];
for (const problem of problems) console.error(problem);

const files = packages.reduce((sum, one) => sum + one.files.length, 0);
const counts = `${packages.length} packages, ${files} source files, ${tracked.length} tracked files`;
console.log(problems.length === 0 ? `checked ${counts}: all well` : `checked ${counts}: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
