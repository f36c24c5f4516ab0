// Packs what would be published, as `pnpm publish` would, and looks at what is in the tarballs.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readWorkspace } from "./workspace.mjs";

/**
 * @typedef {object} Packed
 * @property {import("./workspace.mjs").Package} package
 * @property {string} tarball its path
 * @property {string[]} files paths in the package
 * @property {number} size bytes
 */

/** Packs every publishable package into `folder`. They must be built. @returns {Packed[]} */
export function packAll(root, folder) {
  const packages = readWorkspace(root).filter(({ publishable }) => publishable);
  for (const { folder, name } of packages)
    if (!existsSync(join(root, folder, "dist")))
      throw new Error(`${name} is not built: run \`npx -y pnpm@12 build\` first`);
  const filters = packages.flatMap(({ name }) => ["--filter", name]);
  const output = pnpm(root, [...filters, "pack", "--pack-destination", folder, "--json"]);
  const results = [JSON.parse(output)].flat();
  return packages.map((own) => {
    const result = results.find(({ name }) => name === own.name);
    if (result === undefined) throw new Error(`pnpm did not pack ${own.name}`);
    return {
      package: own,
      tarball: result.filename,
      files: execFileSync("tar", ["-tzf", result.filename], { encoding: "utf8" })
        .split("\n")
        .filter(Boolean)
        .map((path) => path.replace(/^package\//, "")),
      size: result.size ?? readFileSync(result.filename).length,
    };
  });
}

/** What is wrong with the files of a tarball. @param {string} root @param {Packed} packed @returns {string[]} */
export function checkTarball(root, { package: own, tarball, files }) {
  const problems = [];
  const manifest = JSON.parse(execFileSync("tar", ["-xzOf", tarball, "package/package.json"], { encoding: "utf8" }));
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
    if (/^(?:workspace|catalog|file|link):/.test(range))
      problems.push(`${name} is "${range}", which only this workspace knows`);

  const wanted = ["README.md", "LICENSE", ...targets(manifest)];
  for (const file of wanted) if (!files.includes(file)) problems.push(`${file} is not in the tarball`);
  const generated = Object.values(manifest.imports ?? {}).map((target) => target.replace(/^\.\/|\.js$/g, ""));
  for (const file of files) {
    if (!/^(?:dist\/|(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$)/.test(file))
      problems.push(`${file} should not be published`);
    if (/\.test\.|__fixtures__|__snapshots__/.test(file)) problems.push(`${file} belongs to the tests`);
    const stem = file.replace(/\.d\.ts$|\.js$/, "");
    const source = `${stem.replace(/^dist\//, "src/")}.ts`;
    if (
      file.startsWith("dist/") &&
      stem !== file &&
      !generated.includes(stem) &&
      !existsSync(join(root, own.folder, source))
    )
      problems.push(`${file} has no source ${source}: remove dist and build again`);
  }
  return problems;
}

/** Files that the manifest points to. */
function targets({ exports = {}, bin = {}, imports = {} }) {
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(leaves));
  return [...new Set([...leaves(exports), ...leaves(bin), ...leaves(imports)])].map((path) =>
    path.replace(/^\.\//, ""),
  );
}

function pnpm(cwd, args) {
  try {
    return execFileSync("pnpm", args, {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    if (error.code === "ENOENT") throw new Error("pnpm is not in PATH: run this by `npx -y pnpm@12 run <script>`");
    throw error;
  }
}
