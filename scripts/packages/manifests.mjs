// What every published package says of itself in its package.json, and the files that must lie beside it.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const repository = "git+https://github.com/vitrine-js/vitrine.git";

/** @param {string} root @param {import("./workspace.mjs").Package[]} packages @returns {string[]} */
export function checkManifests(root, packages) {
  const names = new Set(packages.map(({ name }) => name));
  return packages.flatMap((own) => [
    ...checkRanges(own, names),
    ...(own.publishable ? [...checkFields(own), ...checkExports(root, own), ...checkFiles(root, own)] : []),
  ]);
}

function checkFields({ folder, manifest: m }) {
  const expected = [
    ["name", /^(?:@vitrine\/[a-z0-9-]+|vitrine)$/.test(m.name ?? ""), "@vitrine/<name>, or vitrine"],
    ["version", /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(m.version ?? ""), "a version"],
    ["description", typeof m.description === "string" && m.description.length > 10, "a sentence"],
    ["keywords", Array.isArray(m.keywords) && m.keywords.length > 0, "a list of words"],
    ["license", m.license === "Apache-2.0", '"Apache-2.0"'],
    ["repository.url", m.repository?.url === repository, `"${repository}"`],
    ["repository.directory", m.repository?.directory === folder, `"${folder}"`],
    ["type", m.type === "module", '"module"'],
    ["sideEffects", m.sideEffects === false || Array.isArray(m.sideEffects), "false, or the files that have some"],
    ["engines.node", m.engines?.node === ">=20", '">=20"'],
    ["files", Array.isArray(m.files) && m.files.includes("dist"), 'a list with "dist"'],
    ["publishConfig.access", m.publishConfig?.access === "public", '"public"'],
    ["scripts.build", typeof m.scripts?.build === "string", "a command that makes dist"],
    ["main", m.main === undefined && m.types === undefined, 'no "main" and no "types": exports says it'],
  ];
  const bad = expected.filter(([, ok]) => !ok);
  return bad.map(
    ([field, , wanted]) => `${folder}/package.json: ${field}: expected ${wanted}, found ${fieldOf(m, field)}`,
  );
}

/** Each entry names types before code, and both come from a source file that exists. */
function checkExports(root, { folder, manifest }) {
  const { exports = {}, bin = {} } = manifest;
  const problems = [];
  if (exports["./package.json"] !== "./package.json") problems.push('exports has no "./package.json"');
  if (exports["."] === undefined) problems.push('exports has no "."');
  for (const [subpath, entry] of Object.entries(exports)) {
    if (subpath === "./package.json") continue;
    if (Object.keys(entry).join() !== "types,default") {
      problems.push(`exports["${subpath}"]: expected types and default, in this order, found ${JSON.stringify(entry)}`);
      continue;
    }
    const source = entry.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
    if (entry.types !== entry.default.replace(/\.js$/, ".d.ts"))
      problems.push(`exports["${subpath}"]: ${entry.types} and ${entry.default} are not of one file`);
    else if (!existsSync(join(root, folder, source))) problems.push(`exports["${subpath}"]: there is no ${source}`);
  }
  for (const [command, target] of Object.entries(typeof bin === "string" ? { [manifest.name]: bin } : bin)) {
    const path = target.replace(/^\.\//, "");
    const source = path.replace(/^dist\//, "src/").replace(/\.js$/, ".ts");
    const file = [source, path].find((candidate) => existsSync(join(root, folder, candidate)));
    if (file === undefined) problems.push(`bin.${command}: there is neither ${source} nor ${path}`);
    else if (!readFileSync(join(root, folder, file), "utf8").startsWith("#!/usr/bin/env node\n"))
      problems.push(`bin.${command}: ${file} does not begin with "#!/usr/bin/env node"`);
  }
  return problems.map((problem) => `${folder}/package.json: ${problem}`);
}

function checkFiles(root, { folder }) {
  return ["README.md", "tsconfig.json"]
    .filter((file) => !existsSync(join(root, folder, file)))
    .map((file) => `${folder}: there is no ${file}`);
}

/** Versions of other people's packages are in one place, the catalog; ours are those of the workspace. */
function checkRanges({ folder, publishable, manifest }, names) {
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"];
  const all = kinds.flatMap((kind) => Object.entries(manifest[kind] ?? {}));
  return all.flatMap(([name, range]) => {
    const wanted = names.has(name) ? "workspace:^" : "catalog:";
    if (range === wanted || (!publishable && names.has(name) && range.startsWith("workspace:"))) return [];
    return [`${folder}/package.json: ${name}: expected "${wanted}", found "${range}"`];
  });
}

function fieldOf(manifest, field) {
  const value = field.split(".").reduce((object, key) => object?.[key], manifest);
  return value === undefined ? "nothing" : JSON.stringify(value);
}
