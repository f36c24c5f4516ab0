// What a source file imports. Reads text, not syntax: the formatter keeps import statements at the start of a line.

/**
 * @typedef {object} Import
 * @property {string} specifier as written
 * @property {number} line
 */

const statement = /^(?:import|export)\s[^;"'=]*?\sfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']/gm;
const call =
  /(?<![\w.$])(?:import|(?:require|import\.meta|createRequire\([^)]*\))\.resolve|require)\(\s*["'`]([^"'`$]+)["'`]/g;

/** Imports of a file, types included. @returns {Import[]} */
export function importsOf(text) {
  const found = [];
  for (const match of text.matchAll(statement)) found.push([match.index, match[1] ?? match[2]]);
  for (const match of text.matchAll(call)) if (!inComment(text, match.index)) found.push([match.index, match[1]]);
  return found.sort(([a], [b]) => a - b).map(([index, specifier]) => ({ specifier, line: lineOf(text, index) }));
}

/** The npm package of a specifier, or nothing for relative files, Node's own modules and `#` imports. */
export function packageOf(specifier) {
  if (/^(?:\.|#|node:|file:|data:)/.test(specifier) || specifier.startsWith("/")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function inComment(text, index) {
  const start = text.lastIndexOf("\n", index) + 1;
  return /^\s*(?:\/\/|\/?\*)|\s\/\/\s/.test(text.slice(start, index));
}

function lineOf(text, index) {
  return text.slice(0, index).split("\n").length;
}
