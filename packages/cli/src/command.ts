// What a command is: options, help, and what it does with a report.

import type { Options, Values } from "./args.ts";
import type { Report } from "./report.ts";

export interface Context {
  report: Report;
  /** Aborted by Ctrl-C; commands that listen finish what they are at and save. */
  signal: AbortSignal;
  /** What was typed, for records. */
  given: Readonly<Record<string, unknown>>;
}

export interface Positional {
  name: string;
  help: string;
  /** How many: exactly one, at most one, any number, or at least one. */
  count: "one" | "optional" | "many" | "some";
}

export interface Command<T extends Options = Options> {
  name: string;
  summary: string;
  positionals: readonly Positional[];
  options: T;
  /** Command lines with a word on each. */
  examples: readonly (readonly [line: string, what: string])[];
  /** A command that listens to the signal; others end at once on Ctrl-C. */
  interruptible?: boolean;
  /** The exit code, 0 where it gives none. */
  run(args: Values<T>, positionals: readonly string[], context: Context): Promise<number | undefined>;
}

/** A command with its options' literal types kept. */
export function defineCommand<const T extends Options>(command: Command<T>): Command<T> {
  return command;
}

/** Options every command has. */
export const globalOptions = {
  json: { kind: "boolean", help: "one JSON object a line, for programs", group: "Output" },
  debug: { kind: "boolean", help: "show the stack of an error", group: "Output" },
  help: { kind: "boolean", short: "h", help: "this text", group: "Output" },
} as const satisfies Options;
