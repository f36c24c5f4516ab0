// Every model family has the same files and exports, so that a reader who knows one knows all.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A second family of a package has model files and fixtures of its own besides these. */
const files = [
  ...["index.ts", "model.ts", "variants.ts", "weights.ts", "model.test.ts"].map((file) => `src/${file}`),
  ...["tiny.json", "variants.json", "graph.txt", "support.json"].map((file) => `fixtures/${file}`),
  "README.md",
];
const umbrella = "packages/vitrine";
const list = `${umbrella}/src/families.ts`;

/** @param {string} root @param {import("./workspace.mjs").Package[]} packages @returns {string[]} */
export function checkFamilies(root, packages) {
  const families = packages.filter(({ folder }) => folder.startsWith("packages/models/"));
  const listed = existsSync(join(root, list)) ? readFileSync(join(root, list), "utf8") : "";
  return families.flatMap((family) => [...checkSkeleton(root, family), ...checkListed(family, listed, packages)]);
}

function checkSkeleton(root, { folder, name, files: sources }) {
  const problems = [];
  const short = folder.split("/").at(-1);
  if (name !== `@vitrine/${short}`)
    problems.push(`${folder}/package.json: name: expected "@vitrine/${short}", found "${name}"`);
  for (const file of files) if (!existsSync(join(root, folder, file))) problems.push(`${folder}: there is no ${file}`);
  const script = `scripts/fixtures/${short.replaceAll("-", "_")}.py`;
  if (!existsSync(join(root, script))) problems.push(`${folder}: there is no ${script}, which makes its fixtures`);

  const index = sources.find(({ path }) => path === "src/index.ts")?.text ?? "";
  const exported = [
    [
      new RegExp(`^export const ${camelCase(short)} = defineFamily\\(`, "m"),
      `export const ${camelCase(short)} = defineFamily(…)`,
    ],
    [/^export type \{[^}]*\b\w+Config\b[^}]*\} from "\.\/model\.ts";/m, 'export type { …, …Config } from "./model.ts"'],
    [/^export type \w+Name = keyof typeof \w+\.variants;/m, "export type …Name = keyof typeof ….variants"],
  ];
  for (const [pattern, wanted] of exported)
    if (index !== "" && !pattern.test(index)) problems.push(`${folder}/src/index.ts: expected \`${wanted}\``);

  const tests = sources.find(({ path }) => path === "src/model.test.ts")?.text;
  if (tests !== undefined && !/^describeFamily\(/m.test(tests))
    problems.push(`${folder}/src/model.test.ts: expected a call of describeFamily, the tests that every family passes`);
  return problems;
}

function checkListed({ folder, name }, listed, packages) {
  const problems = [];
  if (!listed.includes(`import("${name}")`))
    problems.push(`${list}: ${name} (${folder}) is not in the list of families`);
  const { dependencies = {} } = packages.find((one) => one.folder === umbrella)?.manifest ?? {};
  if (!(name in dependencies)) problems.push(`${umbrella}/package.json: ${name} is not in dependencies`);
  return problems;
}

function camelCase(name) {
  return name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}
