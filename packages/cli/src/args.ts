// Options of a command as a table, and the values a user gave them: `--name value`, `--name=value`, `name=value`, `-n value`,
// `--no-name`, several values after one name where the option takes several, and a YAML file under all of them.

import { UsageError } from "./usage-error.ts";

interface Common {
  help: string;
  /** One letter, or two as timm's `-vb`. */
  short?: string;
  /** Other names. */
  aliases?: readonly string[];
  /** What stands for the value in help. */
  value?: string;
  /** Heading in help. */
  group?: string;
  /** Understood, but not shown in help. */
  hidden?: boolean;
}
export type OptionSpec = Common &
  (
    | { kind: "boolean"; default?: boolean }
    | { kind: "string"; default?: string; choices?: readonly string[] }
    | { kind: "number"; default?: number; min?: number; max?: number; above?: number }
    | { kind: "integer"; default?: number; min?: number; max?: number }
    /** `count`: how many there must be. */
    | { kind: "numbers"; default?: readonly number[]; count?: readonly number[] }
    /** `key=value` pairs. */
    | { kind: "pairs"; default?: undefined }
  );
export type Options = Readonly<Record<string, OptionSpec>>;

type ValueOf<O extends OptionSpec> = O extends { kind: "boolean" }
  ? boolean
  : O extends { kind: "number" | "integer" }
    ? number
    : O extends { kind: "numbers" }
      ? readonly number[]
      : O extends { kind: "pairs" }
        ? Readonly<Record<string, string>>
        : O extends { choices: readonly (infer C)[] }
          ? C
          : string;

/** Values by option; what has no default and was not given is undefined. */
export type Values<T extends Options> = {
  readonly [K in keyof T]: T[K] extends { default: NonNullable<unknown> } | { kind: "boolean" }
    ? ValueOf<T[K]>
    : ValueOf<T[K]> | undefined;
};

/** A table of options with its literal types kept. */
export function defineOptions<const T extends Options>(options: T): T {
  return options;
}

export interface Parsed {
  /** Only what was given, by option. */
  given: Record<string, unknown>;
  /** What belongs to no option. */
  rest: string[];
}

/** Reads what was typed. @throws UsageError that names the option, what it takes, and what came. */
export function parseArgs(tokens: readonly string[], options: Options): Parsed {
  const names = nameTable(options);
  const given: Record<string, unknown> = {};
  const rest: string[] = [];
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i++]!;
    if (token === "--") {
      rest.push(...tokens.slice(i));
      break;
    }
    const found = readName(token, names);
    if (found === undefined) {
      rest.push(token);
      continue;
    }
    const { name, negated, inline } = found;
    const spec = options[name]!;
    if (spec.kind === "boolean") {
      const value = inline === undefined ? true : toBoolean(name, inline);
      given[name] = negated ? !value : value;
      continue;
    }
    if (negated) throw new UsageError(`--no-${name}: --${name} takes a value and cannot be turned off this way`);
    const words: string[] = inline === undefined ? [] : inline.split(spec.kind === "numbers" ? /[\s,]+/ : /\0/);
    if (inline === undefined) {
      if (spec.kind === "numbers")
        while (i < tokens.length && isNumber(tokens[i]!)) words.push(...tokens[i++]!.split(","));
      else if (spec.kind === "pairs") while (i < tokens.length && isPair(tokens[i]!)) words.push(tokens[i++]!);
      else if (i < tokens.length && !isFlag(tokens[i]!)) words.push(tokens[i++]!);
    }
    if (words.length === 0) throw new UsageError(`--${name} needs a value: ${describe(spec)}`);
    const value = convert(name, spec, words);
    given[name] = spec.kind === "pairs" ? { ...(given[name] as object | undefined), ...(value as object) } : value;
  }
  return { given, rest };
}

/** Values of a file: a map of option names, in any spelling, to what YAML makes of them. */
export function readConfig(where: string, content: unknown, options: Options): Record<string, unknown> {
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content))
    throw new UsageError(
      `${where}: expected options and their values, found ${Array.isArray(content) ? "a list" : typeof content}`,
    );
  const names = nameTable(options);
  const given: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(content)) {
    const word = spelled(key);
    const name = names.get(`--${word}`);
    if (name === undefined)
      throw new UsageError(`${where}: unknown option "${key}"`, { word, known: Object.keys(options) });
    const spec = options[name]!;
    if (value === null || value === undefined) continue;
    if (spec.kind === "boolean") given[name] = toBoolean(name, String(value));
    else if (spec.kind === "pairs" && typeof value === "object")
      given[name] = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, String(v)]));
    else given[name] = convert(name, spec, [value].flat().map(String));
  }
  return given;
}

/** All values: defaults under what was given. */
export function withDefaults<T extends Options>(options: T, given: Readonly<Record<string, unknown>>): Values<T> {
  const entries = Object.entries(options).map(([name, spec]) => [
    name,
    given[name] ?? spec.default ?? (spec.kind === "boolean" ? false : undefined),
  ]);
  return Object.fromEntries(entries) as Values<T>;
}

function nameTable(options: Options): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, spec] of Object.entries(options)) {
    names.set(`--${name}`, name);
    for (const alias of spec.aliases ?? []) names.set(`--${alias}`, name);
    if (spec.short !== undefined) names.set(`-${spec.short}`, name);
  }
  return names;
}

function readName(
  token: string,
  names: ReadonlyMap<string, string>,
): { name: string; negated: boolean; inline: string | undefined } | undefined {
  const equals = token.indexOf("=");
  const word = equals < 0 ? token : token.slice(0, equals);
  const inline = equals < 0 ? undefined : token.slice(equals + 1);
  if (!isFlag(token)) {
    // ultralytics' form; anything else with "=" in it is a file.
    const name = equals > 0 ? (names.get(`--${spelled(word)}`) ?? names.get(`-${word}`)) : undefined;
    return name === undefined ? undefined : { name, negated: false, inline };
  }
  const spelt = word.startsWith("--") ? `--${spelled(word.slice(2))}` : word;
  const name = names.get(spelt);
  if (name !== undefined) return { name, negated: false, inline };
  const positive = names.get(spelt.replace(/^--no-/, "--"));
  if (positive !== undefined && spelt.startsWith("--no-")) return { name: positive, negated: true, inline };
  // -b64
  const [letters, value] = [spelt.slice(0, 2), token.slice(2)];
  const short = names.get(letters);
  if (!spelt.startsWith("--") && short !== undefined && isNumber(value))
    return { name: short, negated: false, inline: value };
  const known = [...names.keys()].filter((key) => key.startsWith("--"));
  throw new UsageError(`unknown option ${word}`, { word: spelt, known });
}

/** `weight_decay` and `weightDecay` mean `weight-decay`. */
function spelled(word: string): string {
  return word
    .replaceAll("_", "-")
    .replace(/[a-z\d](?=[A-Z])/g, "$&-")
    .toLowerCase();
}

const isNumber = (word: string) =>
  word !== "" && word.split(",").every((part) => part !== "" && Number.isFinite(Number(part)));
const isPair = (word: string) => /^[A-Za-z_][\w.-]*=/.test(word);
/** Negative numbers are values. */
const isFlag = (word: string) => word.length > 1 && word.startsWith("-") && !isNumber(word);

function convert(name: string, spec: Exclude<OptionSpec, { kind: "boolean" }>, words: readonly string[]): unknown {
  if (spec.kind === "pairs") return Object.fromEntries(words.map((word) => pairOf(name, word)));
  if (spec.kind === "numbers") {
    const values = words.map((word) => toNumber(name, spec, word));
    if (spec.count !== undefined && !spec.count.includes(values.length))
      throw new UsageError(`--${name} takes ${describe(spec)}, found ${values.length}: ${words.join(" ")}`);
    return values;
  }
  if (words.length > 1) throw new UsageError(`--${name} takes one value, found ${words.join(" ")}`);
  const [word] = words as [string];
  if (spec.kind === "string") {
    if (spec.choices !== undefined && !spec.choices.includes(word))
      throw new UsageError(`--${name} must be one of ${spec.choices.join(", ")}, found "${word}"`, {
        word,
        known: spec.choices,
      });
    return word;
  }
  const value = toNumber(name, spec, word);
  const bad =
    (spec.kind === "integer" && !Number.isInteger(value)) ||
    value < (spec.min ?? Number.NEGATIVE_INFINITY) ||
    value > (spec.max ?? Number.POSITIVE_INFINITY) ||
    (spec.kind === "number" && spec.above !== undefined && value <= spec.above);
  if (bad) throw new UsageError(`--${name} must be ${describe(spec)}, found ${word}`);
  return value;
}

function toNumber(name: string, spec: OptionSpec, word: string): number {
  const value = Number(word);
  if (word.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`--${name} must be ${describe(spec)}, found "${word}"`);
  return value;
}

function toBoolean(name: string, word: string): boolean {
  if (/^(true|yes|on|1)$/i.test(word)) return true;
  if (/^(false|no|off|0)$/i.test(word)) return false;
  throw new UsageError(`--${name} must be true or false, found "${word}"`);
}

function pairOf(name: string, word: string): [string, string] {
  const equals = word.indexOf("=");
  if (equals < 1) throw new UsageError(`--${name} takes key=value, found "${word}"`);
  return [word.slice(0, equals), word.slice(equals + 1)];
}

/** What an option takes, in words. */
export function describe(spec: OptionSpec): string {
  switch (spec.kind) {
    case "boolean":
      return "true or false";
    case "string":
      return spec.choices === undefined ? (spec.value ?? "a word") : `one of ${spec.choices.join(", ")}`;
    case "pairs":
      return "key=value";
    case "numbers":
      return `${spec.count === undefined ? "" : `${spec.count.join(" or ")} `}numbers`;
    default: {
      const { kind, min, max } = spec;
      const what = kind === "integer" ? "a whole number" : "a number";
      if (kind === "number" && spec.above !== undefined) return `${what} above ${spec.above}`;
      if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
      return min === undefined ? what : `${what} of at least ${min}`;
    }
  }
}
