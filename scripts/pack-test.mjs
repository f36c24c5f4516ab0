// The failure users would meet first: packs every package, installs the tarballs with npm into an empty folder, type-checks a
// small program against them and runs it, and runs the command. `--keep` leaves the folder.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packAll } from "./packages/pack.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vitrine-pack-test-"));
const user = join(folder, "user");
const minute = 60_000;

function run(what, command, args, limit) {
  const start = performance.now();
  // ONNX Runtime's install script would download what only GPUs need.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NO_COLOR: "1" };
  for (const name of Object.keys(env))
    if (/^(?:npm|pnpm)_/i.test(name) && !/registry|proxy|cafile/i.test(name)) delete env[name];
  const options = { cwd: user, encoding: "utf8", env, timeout: limit, stdio: ["ignore", "pipe", "pipe"] };
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, options);
  if (status !== 0) {
    const reason =
      error?.code === "ETIMEDOUT" ? `took more than ${limit / minute} minutes` : `ended with ${status ?? signal}`;
    throw new Error(`${what} ${reason}\n${stdout}${stderr}`);
  }
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return stdout;
}

try {
  mkdirSync(user);
  const tarballs = packAll(root, folder);
  const files = Object.fromEntries(tarballs.map(({ package: { name }, tarball }) => [name, `file:${tarball}`]));
  const overrides = Object.fromEntries(Object.keys(files).map((name) => [name, `$${name}`]));
  const manifest = { private: true, type: "module", dependencies: files, overrides };
  writeFileSync(join(user, "package.json"), JSON.stringify(manifest, null, 2));
  for (const name of ["quickstart.ts", "tsconfig.json"])
    copyFileSync(join(root, "scripts", "pack-test", name), join(user, name));

  run("npm install", "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], 5 * minute);
  run("tsc", join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.json"], minute);
  console.log(run("quickstart", process.execPath, ["quickstart.js"], 3 * minute).trimEnd());
  const version = run("vitrine --version", "npx", ["--no-install", "vitrine", "--version"], minute).trim();
  const cli = tarballs.find(({ package: { name } }) => name === "@vitrine/cli").package.manifest;
  if (!version.split("\n").at(-1).includes(cli.version))
    throw new Error(`vitrine --version: expected ${cli.version}, found ${JSON.stringify(version)}`);
  console.log(`${tarballs.length} packages work from their tarballs`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (process.argv.includes("--keep")) console.log(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
