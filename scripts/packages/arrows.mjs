// Checks imports against the picture and against the manifests: arrows, doors, cycles, missing and unused dependencies.

import { isBuiltin } from "node:module";
import { dirname, join, normalize } from "node:path/posix";
import { importsOf, packageOf } from "./imports.mjs";
import { doors, refusal } from "./picture.mjs";

/** Modules that the bundler of a folder finds or makes up. */
const bundled = { "packages/onnx/tfjs-tests/": ["@tensorflow/tfjs-core", "tfjs-specs"] };

/** @param {import("./workspace.mjs").Package[]} packages @param {Record<string, any>} rootManifest @returns {string[]} */
export function checkArrows(packages, rootManifest) {
  const byName = new Map(packages.map((one) => [one.name, one]));
  const everywhere = Object.keys(rootManifest.devDependencies ?? {});
  return [...packages.flatMap((one) => checkPackage(one, byName, everywhere)), ...checkCycles(packages, byName)];
}

function checkPackage(own, byName, everywhere) {
  const problems = [];
  const { dependencies = {}, peerDependencies = {}, optionalDependencies = {}, devDependencies = {} } = own.manifest;
  const shippedWith = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  const used = { shipped: new Set(), other: new Set() };

  for (const name of Object.keys(shippedWith)) {
    const reason = byName.has(name) && refusal(own.folder, byName.get(name).folder);
    if (reason)
      problems.push(`${own.folder}/package.json: depends on ${name}, an arrow that is not in the picture: ${reason}`);
  }
  for (const file of own.files)
    for (const { specifier, line } of importsOf(file.text)) {
      const place = `${own.folder}/${file.path}:${line}`;
      const name = packageOf(specifier);
      if (name === undefined) {
        const outside = leavesPackage(file, specifier);
        if (outside)
          problems.push(`${place}: imports ${specifier}, outside its package: import the package by its name`);
        continue;
      }
      if (Object.entries(bundled).some(([folder, names]) => place.startsWith(folder) && names.includes(name))) continue;
      if (isBuiltin(name)) {
        problems.push(`${place}: imports ${name}: write node:${name}`);
        continue;
      }
      used[file.shipped ? "shipped" : "other"].add(name);
      const target = byName.get(name);
      if (target !== undefined && !isExported(target, name, specifier))
        problems.push(`${place}: imports ${specifier}, which ${name} does not export`);
      if (!file.shipped) {
        if (name !== own.name && !(name in shippedWith || name in devDependencies || everywhere.includes(name)))
          problems.push(`${place}: imports ${name}, which is in no dependencies of ${own.folder}/package.json`);
        continue;
      }
      const reason = target && refusal(own.folder, target.folder);
      if (reason) problems.push(`${place}: imports ${name}, an arrow that is not in the picture: ${reason}`);
      else if (!(name in shippedWith))
        problems.push(`${place}: imports ${name}, which is not in dependencies of ${own.folder}/package.json`);
      const door = doors[name];
      if (door !== undefined && !door.includes(`${own.folder}/${file.path}`))
        problems.push(`${place}: imports ${name}; its one door is ${door.join(" or ")}`);
    }

  for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
    if (!(used.shipped.has(name) || (!own.publishable && used.other.has(name)) || isRun(own, byName.get(name), name)))
      problems.push(`${own.folder}/package.json: ${name} is in dependencies, but no source file imports it`);
  for (const name of Object.keys(devDependencies))
    if (!used.other.has(name) && !used.shipped.has(name) && !name.startsWith("@types/"))
      problems.push(`${own.folder}/package.json: ${name} is in devDependencies, but nothing imports it`);
  return problems;
}

/** A dependency that is run rather than imported: in the scripts of the manifest, or as a command by a program of ours. */
function isRun(own, target, name) {
  const inScripts = Object.values(own.manifest.scripts ?? {}).some((script) => script.includes(name));
  return inScripts || (!own.publishable && target?.manifest.bin !== undefined);
}

function leavesPackage(file, specifier) {
  if (!specifier.startsWith(".")) return false;
  return normalize(join(dirname(file.path), specifier)).startsWith("../");
}

function isExported(target, name, specifier) {
  const subpath = `.${specifier.slice(name.length)}`;
  return Object.hasOwn(target.manifest.exports ?? {}, subpath);
}

/** Cycles among all kinds of dependencies: builds and tests go from the bottom up. */
function checkCycles(packages, byName) {
  const problems = [];
  const done = new Set();
  const visit = (name, trail) => {
    const at = trail.indexOf(name);
    if (at !== -1) {
      problems.push(
        `${byName.get(name).folder}/package.json: depends on itself: ${[...trail.slice(at), name].join(" -> ")}`,
      );
      return;
    }
    if (done.has(name)) return;
    const { dependencies, devDependencies, peerDependencies, optionalDependencies } = byName.get(name).manifest;
    const all = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies });
    for (const next of all) if (byName.has(next)) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const { name } of packages) visit(name, []);
  return problems;
}
