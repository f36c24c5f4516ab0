// From what was typed to a command's run, and from what went wrong to one line and an exit code:
// 0 done, 1 failed, 2 used wrongly, 130 interrupted.

import { readFileSync } from "node:fs";
import { type Options, parseArgs, readConfig, withDefaults } from "./args.ts";
import { type Command, globalOptions, type Positional } from "./command.ts";
import { commands, type Entry, loadCommand, synonyms } from "./commands.ts";
import { commandHelp, overview } from "./help.ts";
import { interruption } from "./interruption.ts";
import { Report } from "./report.ts";
import { UsageError } from "./usage-error.ts";

/** Runs a command line. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  ignoreClosedPipe();
  const debug = argv.includes("--debug") || process.env.VITRINE_DEBUG === "1";
  try {
    return await dispatch(argv);
  } catch (error) {
    return fail(error, { debug, json: argv.includes("--json") });
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "--help" || first === "-h" || (first === "help" && argv.length === 1)) {
    process.stdout.write(overview(version(), commands));
    return 0;
  }
  if (first === "--version" || first === "-v" || first === "version") {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const words = first === "help" ? [...argv.slice(1), "--help"] : argv;
  const found = findEntry(words);
  if (found === undefined) {
    process.stdout.write(
      overview(
        version(),
        commands.filter(({ name }) => name.startsWith(`${words[0]} `)),
      ),
    );
    return words.includes("--help") || words.includes("-h") ? 0 : 2;
  }
  return runCommand(await loadCommand(found.entry), words.slice(found.words));
}

/** The command that words begin with; nothing for a group alone. */
function findEntry(argv: readonly string[]): { entry: Entry; words: number } | undefined {
  const first = synonyms[argv[0]!] ?? argv[0]!;
  const single = commands.find(({ name }) => name === first);
  if (single !== undefined) return { entry: single, words: 1 };
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const second = argv[1];
    if (second === undefined || second.startsWith("-")) return undefined;
    const entry = group.find(({ name }) => name === `${first} ${second}`);
    if (entry !== undefined) return { entry, words: 2 };
    const known = group.map(({ name }) => name.split(" ")[1]!);
    throw new UsageError(`unknown command "${first} ${second}"`, { word: second, known });
  }
  if (first.startsWith("-")) throw new UsageError(`expected a command before ${first}; see vitrine --help`);
  const known = [...new Set(commands.map(({ name }) => name.split(" ")[0]!)), ...Object.keys(synonyms)];
  throw new UsageError(`unknown command "${first}"`, { word: first, known });
}

async function runCommand(command: Command, tokens: readonly string[]): Promise<number> {
  if (tokens.includes("--help") || tokens.includes("-h")) {
    process.stdout.write(commandHelp(command));
    return 0;
  }
  const options: Options = { ...command.options, ...globalOptions };
  const { given: typed, rest } = parseArgs(tokens, options);
  const configured =
    "config" in options && typeof typed.config === "string" ? await fromFile(typed.config, options) : {};
  const given = { ...configured, ...typed };
  checkPositionals(command, rest);
  const args = withDefaults(options, given) as never;
  const report = new Report({ json: given.json === true });
  const { signal, end } = interruption(command.interruptible ?? false, report);
  try {
    const code = await command.run(args, rest, { report, signal, given });
    return code ?? 0;
  } finally {
    end();
  }
}

async function fromFile(path: string, options: Options): Promise<Record<string, unknown>> {
  const { readYaml } = await import("./yaml-file.ts");
  const content = await readYaml(path);
  // A run's own args.yaml: what was typed then is under `args`.
  const inner = typeof content === "object" && content !== null && "args" in content ? content.args : content;
  return readConfig(path, inner, options);
}

function checkPositionals({ name, positionals, options }: Command, rest: readonly string[]): void {
  const least = positionals.filter(({ count }) => count === "one" || count === "some").length;
  const most = positionals.some(({ count }) => count === "many" || count === "some") ? Infinity : positionals.length;
  if (rest.length < least) {
    const missing = positionals[rest.length] as Positional;
    throw new UsageError(`${name} needs <${missing.name}>: ${missing.help}; see vitrine ${name} --help`);
  }
  const extra = rest[most];
  if (extra === undefined) return;
  const [word, value] = extra.split("=", 2) as [string, string?];
  if (value === undefined) throw new UsageError(`${name}: did not expect "${extra}"; see vitrine ${name} --help`);
  throw new UsageError(`unknown option ${word}`, { word, known: Object.keys(options) });
}

/** Says what went wrong and gives the exit code. */
async function fail(error: unknown, { debug, json }: { debug: boolean; json: boolean }): Promise<number> {
  const usage = error instanceof UsageError || (error as { usage?: unknown } | null)?.usage === true;
  let message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError && error.unknown !== undefined) {
    const { didYouMean } = await import("@vitrine/core");
    const { word, known } = error.unknown;
    message += didYouMean(word, known);
  }
  const own = error instanceof UsageError || (error as { name?: unknown } | null)?.name === "VitrineError";
  if (json) process.stdout.write(`${JSON.stringify({ type: "error", message, usage })}\n`);
  process.stderr.write(`Error: ${message}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else if (!own)
    process.stderr.write("This is not an error we know of. Run again with --debug to see where it comes from.\n");
  return usage ? 2 : 1;
}

/** `vitrine models | head` closes the pipe early; that is no error. */
function ignoreClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
