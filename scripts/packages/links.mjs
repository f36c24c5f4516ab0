// Relative links in Markdown files lead to something.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param {string} root @param {readonly string[]} tracked paths from the root @returns {string[]} */
export function checkLinks(root, tracked) {
  return tracked
    .filter((path) => path.endsWith(".md") && existsSync(join(root, path)))
    .flatMap((path) => {
      let code = false;
      return readFileSync(join(root, path), "utf8")
        .split("\n")
        .flatMap((line, i) => {
          if (/^\s*```/.test(line)) code = !code;
          const links = code ? [] : [...line.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
          return links
            .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
            .filter((target) => !existsSync(join(root, dirname(path), decodeURI(target.split("#", 1)[0]))))
            .map((target) => `${path}:${i + 1}: links to ${target}, which is not there`);
        });
    });
}
