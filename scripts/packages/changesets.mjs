// Each file of `.changeset` names packages that are published, in a form that the release can read.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const form = /^---\n((?:["'][^"'\n]+["']: (?:major|minor|patch)\n)+)---\n\s*\S/;

/** @param {string} root @param {import("./workspace.mjs").Package[]} packages @returns {string[]} */
export function checkChangesets(root, packages) {
  const folder = join(root, ".changeset");
  const published = new Set(packages.filter(({ publishable }) => publishable).map(({ name }) => name));
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^(?!README).*\.md$/.test(file)) : [];
  return files.flatMap((file) => {
    const match = form.exec(readFileSync(join(folder, file), "utf8"));
    if (match === null)
      return [`.changeset/${file}: expected "---", lines such as "vitrine": minor, "---", and what a user should know`];
    const names = match[1].match(/(?<=^["'])[^"']+/gm);
    const unknown = names.filter((name) => !published.has(name));
    return unknown.map((name) => `.changeset/${file}: ${name} is no published package`);
  });
}
