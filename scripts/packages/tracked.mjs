// Nothing of one machine in what is committed: no absolute paths of a home or checkout, no addresses of a registry.

import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const lockFile = "pnpm-lock.yaml";
const largest = 2_000_000;

/** Kinds of names that only make sense on the machine where they were written. */
const patterns = [
  [/(?<![\w.~$}-])\/(?:home|Users)\/[\w.-]+\//, "a home folder"],
  [/(?<![\w.~$}-])\/(?:root|work|workspace)\/[\w.-]/, "a folder of one machine"],
  [/\b[A-Z]:\\Users\\/, "a home folder"],
  [/\bregistry\.(?:\w[\w-]*\.)+\w+|\bpypi\.org\/simple|\bfiles\.pythonhosted\.org/, "the address of a registry"],
];

/**
 * @param {string} root
 * @param {readonly string[]} tracked paths from the root
 * @param {readonly string[]} own folders of this machine that no file may name
 * @returns {string[]}
 */
export function checkTracked(root, tracked, own = [root, homedir()]) {
  const named = own
    .filter((folder) => folder.length > 4)
    .map((folder) => [
      new RegExp(`(?<![\\w.~$}-])${folder.replace(/[.+^${}()|[\]\\]/g, "\\$&")}/`),
      "a folder of this machine",
    ]);
  return tracked.flatMap((path) => {
    const text = readText(join(root, path));
    if (text === undefined) return [];
    const problems = [];
    text.split("\n").forEach((line, i) => {
      const hit = [...patterns, ...named].find(([pattern]) => pattern.test(line));
      if (hit) problems.push(`${path}:${i + 1}: names ${hit[1]}: ${hit[0].exec(line)[0]}`);
    });
    if (path === lockFile && /^\s+(?:resolution: \{[^}]*)?tarball: /m.test(text))
      problems.push(
        `${path}: records addresses of tarballs; remove the lock file's \`tarball\` fields and install again`,
      );
    return problems;
  });
}

/** The text of a file, or nothing where it is gone, large or binary. */
function readText(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > largest) return undefined;
  const bytes = readFileSync(path);
  return bytes.includes(0) ? undefined : bytes.toString("utf8");
}
