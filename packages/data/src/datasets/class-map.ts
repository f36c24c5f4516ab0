// Names of classes and their indices, from a file (timm's --class-map).

import { readFile } from "node:fs/promises";
import { VitrineError } from "@vitrine/core";

export interface ClassMap {
  /** Names in the order of their indices; where several names share an index, the first. */
  classes: string[];
  indexOf: ReadonlyMap<string, number>;
}

/**
 * Reads `name` or `name index` a line, a JSON list of names, or a JSON object of names and indices. Lines of a text without indices
 * are numbered from 0, as in timm. @throws VitrineError that names the file and what it lacks.
 */
export async function readClassMap(file: string): Promise<ClassMap> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new VitrineError(file, `the class map cannot be read: ${(error as Error).message}`, {
      usage: true,
      cause: error,
    });
  }
  const entries = /^\s*[[{]/.test(text) ? entriesOfJson(file, text) : entriesOfLines(text);
  const indexOf = new Map<string, number>();
  const classes: string[] = [];
  for (const [name, index] of entries) {
    if (indexOf.has(name)) throw bad(file, `class "${name}" stands there twice`);
    if (!Number.isInteger(index) || index < 0 || index >= entries.length)
      throw bad(file, `expected indices from 0 to at most ${entries.length - 1}, found ${index} for "${name}"`);
    indexOf.set(name, index);
    classes[index] ??= name;
  }
  if (classes.length === 0) throw bad(file, "expected names of classes, found none");
  for (let i = 0; i < classes.length; i++) if (classes[i] === undefined) throw bad(file, `no class has the index ${i}`);
  return { classes, indexOf };
}

/** The map of a list of names. */
export function classMapOf(classes: readonly string[]): ClassMap {
  return { classes: [...classes], indexOf: new Map(classes.map((name, i) => [name, i])) };
}

/** A file that `readClassMap` reads back: a name a line where that says it all, else JSON. */
export function formatClassMap(classes: readonly string[]): { name: string; text: string } {
  const text = `${classes.join("\n")}\n`;
  const entries = entriesOfLines(text);
  const same = entries.length === classes.length && entries.every(([name, i], k) => i === k && name === classes[k]);
  if (same && !/^\s*[[{]/.test(text)) return { name: "classes.txt", text };
  return { name: "classes.json", text: `${JSON.stringify(classes)}\n` };
}

function entriesOfLines(text: string): [string, number][] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const pairs = lines.map((line) => /^(.+?)[\s,;:=]+(\d+)$/.exec(line));
  // "class 0", "class 1": names that end in numbers are names, not one name with indices.
  const numbered = pairs.every((pair) => pair !== null) && new Set(pairs.map((pair) => pair[1])).size === lines.length;
  const indices = new Set(pairs.map((pair) => Number(pair?.[2])));
  if (numbered && indices.has(0) && Math.max(...indices) === indices.size - 1)
    return pairs.map((pair) => [pair![1]!, Number(pair![2])]);
  return lines.map((line, i) => [line, i]);
}

function entriesOfJson(file: string, text: string): [string, number][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(file, `not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(value)) {
    const other = value.find((name) => typeof name !== "string");
    if (other !== undefined) throw bad(file, `expected names, found ${JSON.stringify(other)}`);
    return value.map((name: string, i) => [name, i]);
  }
  return Object.entries(value as object).map(([name, index]) => [name, index as number]);
}

function bad(file: string, why: string): VitrineError {
  return new VitrineError(file, `class map: ${why}`, { usage: true });
}
