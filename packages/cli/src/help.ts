// The texts of --help.

import { describe, type OptionSpec, type Options } from "./args.ts";
import { type Command, globalOptions, type Positional } from "./command.ts";
import type { Entry } from "./commands.ts";

export function overview(version: string, commands: readonly Entry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `vitrine ${version}: vision transformers from the command line`,
    "",
    "Usage: vitrine <command> [options]",
    "",
    "Commands",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Start with",
    "  vitrine data split photos data             photos/<class>/* into data/train and data/val",
    "  vitrine train data --model vit_tiny_patch16_224 --pretrained --epochs 10 --opt adamw --lr 1e-4",
    "  vitrine predict runs/train/latest cat.jpg",
    "",
    "vitrine <command> --help tells all options of a command.",
    "",
  ].join("\n");
}

export function commandHelp({ name, summary, positionals, options, examples }: Command): string {
  const usage = ["vitrine", name, ...positionals.map(shown), "[options]"].join(" ");
  const lines = [`${summary[0]!.toUpperCase()}${summary.slice(1)}`, "", `Usage: ${usage}`, ""];
  const names = positionals.map(({ name, help }) => [name, help] as const);
  if (names.length > 0) lines.push(...columns(names), "");
  for (const [group, entries] of groups({ ...options, ...globalOptions }))
    lines.push(group, ...columns(entries.map(([option, spec]) => [flag(option, spec), textOf(spec)])), "");
  if (examples.length > 0)
    lines.push("Examples", ...examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`]), "");
  return lines.join("\n");
}

function shown({ name, count }: Positional): string {
  return { one: `<${name}>`, optional: `[${name}]`, many: `[${name}...]`, some: `<${name}...>` }[count];
}

function groups(options: Options): Map<string, [string, OptionSpec][]> {
  const found = new Map<string, [string, OptionSpec][]>();
  for (const [name, spec] of Object.entries(options)) {
    if (spec.hidden) continue;
    const group = spec.group ?? "Options";
    found.set(group, [...(found.get(group) ?? []), [name, spec]]);
  }
  return found;
}

function flag(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "" : `-${spec.short}, `;
  const word = spec.kind === "boolean" && spec.default === true ? `--no-${name}` : `--${name}`;
  if (spec.kind === "boolean") return `${short}${word}`;
  const value =
    spec.value ?? { string: "WORD", number: "X", integer: "N", numbers: "X ...", pairs: "K=V ..." }[spec.kind];
  return `${short}${word} ${value}`;
}

function textOf(spec: OptionSpec): string {
  const choices =
    spec.kind === "string" && spec.choices !== undefined ? `: ${describe(spec).replace("one of ", "")}` : "";
  const value = spec.kind === "boolean" ? undefined : spec.default;
  const shown = value === undefined ? "" : ` (${Array.isArray(value) ? value.join(" ") : value})`;
  return `${spec.help}${choices}${shown}`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(30, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width ? `  ${left}\n  ${" ".repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
  );
}
