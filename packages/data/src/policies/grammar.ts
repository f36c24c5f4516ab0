// Reads policy strings: a name, then `-key value` sections without a space between, as in `rand-m9-mstd0.5-inc1`. timm
// skips a section without a number and takes an unknown set for the default one; here both are mistakes, and marked.

import { didYouMean, VitrineError } from "@vitrine/core";

/** What stands after a key: a whole number, a number, 0 or 1, or a word. */
export type SectionKind = "integer" | "number" | "flag" | "word";

export interface SectionRule {
  kind: SectionKind;
  /** Smallest value. */
  min?: number;
  /** Largest value. */
  max?: number;
  /** The words there are, of kind `word`. */
  words?: readonly string[];
  /** What to write instead, where the key is known from elsewhere. */
  instead?: string;
}

/** Keys of a policy; rules with `instead` are for keys that are refused with an answer. */
export type SectionRules = Readonly<Record<string, SectionRule>>;

/** Values by key. */
export type Sections = Readonly<Record<string, number | string>>;

/** Splits a policy string at its dashes. */
export function policyName(text: string): string {
  return text.split("-", 1)[0]!;
}

/**
 * The sections after the name. Of a key that is given twice, the last one counts, as in timm, but for `mstd` and
 * `mmax`, where the first does.
 * @throws VitrineError (usage) that marks the place and says what may stand there.
 */
export function readSections(text: string, rules: SectionRules): Sections {
  const values: Record<string, number | string> = {};
  const legal = Object.keys(rules).filter((key) => rules[key]!.instead === undefined);
  let at = policyName(text).length + 1;
  for (const section of text.split("-").slice(1)) {
    const { key, word } = splitSection(section, rules);
    const rule = Object.hasOwn(rules, key) ? rules[key]! : undefined;
    if (rule === undefined) {
      // A single letter is as near to any other.
      const guess = key.length > 1 || legal.includes(key.toLowerCase()) ? didYouMean(key, legal) : "";
      const found = section === "" ? "nothing after a dash" : `unknown key "${key}"${guess}`;
      const keys = legal.length === 0 ? "takes no keys" : `has the keys ${legal.join(", ")}`;
      throw policyError(text, at, key.length, `${found}; ${policyName(text)} ${keys}`);
    }
    if (rule.instead !== undefined) throw policyError(text, at, key.length, rule.instead);
    const value = readValue(text, at + key.length, key, word, rule);
    const firstCounts = key === "mstd" || key === "mmax";
    if (!firstCounts || !Object.hasOwn(values, key)) values[key] = value;
    at += section.length + 1;
  }
  return values;
}

/** An error in `text` at column `at`: the string, with carets under the mistake. */
export function policyError(text: string, at: number, length: number, message: string): VitrineError {
  const mark = `${" ".repeat(at)}${"^".repeat(Math.max(1, length))}`;
  return new VitrineError("autoAugment", `${message}\n  ${text}\n  ${mark}`, { usage: true });
}

/** A key is all before the first digit, but for keys of words, which are a single letter. */
function splitSection(section: string, rules: SectionRules): { key: string; word: string } {
  const first = section.slice(0, 1);
  if (Object.hasOwn(rules, first) && rules[first]!.kind === "word") return { key: first, word: section.slice(1) };
  const key = /^[^\d.]*/.exec(section)![0];
  return { key, word: section.slice(key.length) };
}

function readValue(text: string, at: number, key: string, word: string, rule: SectionRule): number | string {
  if (rule.kind === "word") {
    const words = rule.words ?? [];
    if (words.includes(word)) return word;
    const found = word === "" ? "nothing" : `"${word}"${didYouMean(word, words)}`;
    throw policyError(text, at, word.length, `${key} takes one of ${words.join(", ")}, found ${found}`);
  }
  const value = /^\d*\.?\d+$|^\d+\.$/.test(word) ? Number(word) : Number.NaN;
  const whole = rule.kind === "number" ? Number.isFinite(value) : Number.isInteger(value);
  const { min = 0, max = rule.kind === "flag" ? 1 : Number.POSITIVE_INFINITY } = rule;
  if (whole && value >= min && value <= max) return value;
  const example = rule.kind === "number" ? "0.5" : "1";
  const found = word === "" ? `nothing (for example ${key}${example})` : `"${word}"`;
  throw policyError(text, at, word.length, `${key} takes ${describe(rule.kind, min, max)}, found ${found}`);
}

function describe(kind: SectionKind, min: number, max: number): string {
  if (kind === "flag") return "0 or 1";
  const what = kind === "integer" ? "a whole number" : "a number";
  if (Number.isFinite(max)) return `${what} from ${min} to ${max}`;
  if (min >= 1) return `${what} of at least ${min}`;
  return min > 0 ? `${what} above 0` : what;
}
