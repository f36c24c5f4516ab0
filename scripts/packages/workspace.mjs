// The packages of the workspace, read from disk: their manifests and their source files. Knows no rules.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * @typedef {object} SourceFile
 * @property {string} path from the package's folder, with forward slashes
 * @property {boolean} shipped part of what the build compiles; tests and build scripts are not
 * @property {string} text
 *
 * @typedef {object} Package
 * @property {string} folder from the root, with forward slashes
 * @property {string} name
 * @property {boolean} publishable
 * @property {Record<string, any>} manifest
 * @property {SourceFile[]} files
 */

const folders = ["packages", "packages/models", "examples", "scripts"];
const alone = ["benchmarks"];
const skipped = new Set(["node_modules", "dist", "fixtures", "__fixtures__", "results"]);

/** Every package below `root`, in the order of their folders. @returns {Package[]} */
export function readWorkspace(root) {
  const candidates = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
  return [...candidates, ...alone]
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .sort()
    .map((folder) => readPackage(root, folder));
}

function readPackage(root, folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const isExcluded = excludedBy(join(root, folder, "tsconfig.json"));
  const files = sourceFiles(join(root, folder)).map((path) => ({
    path,
    shipped: path.startsWith("src/") && !isExcluded(path),
    text: readFileSync(join(root, folder, path), "utf8"),
  }));
  return { folder, name: manifest.name, publishable: manifest.private !== true, manifest, files };
}

function sourceFiles(base, folder = base) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return skipped.has(entry.name) || entry.name.startsWith(".") ? [] : sourceFiles(base, path);
    return /\.(ts|mjs|js)$/.test(entry.name) ? [relative(base, path).split(sep).join("/")] : [];
  });
}

/** Whether the build leaves a file out: what `exclude` of the package's tsconfig says. */
function excludedBy(tsconfig) {
  if (!existsSync(tsconfig)) return () => false;
  const { exclude = [] } = JSON.parse(readFileSync(tsconfig, "utf8"));
  const patterns = exclude.map(globExpression);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** `**` for any folders, `*` for any characters of a name. */
function globExpression(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\*\*\/|\*/g, (star) => (star === "*" ? "[^/]*" : "(?:.*/)?"))}(?:/|$)`);
}
