// Counts specs, and prints failures grouped by what they say.

interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { message: string; stack?: string }[];
}

/** Failures shown of each kind, and kinds shown, unless all are asked for. */
const shown = { names: 3, kinds: 60 };

export class Reporter {
  readonly #all: boolean;
  readonly #print: (line: string) => void;
  readonly #started = performance.now();
  readonly #failures = new Map<string, string[]>();
  readonly #excluded = new Map<string, Set<string>>();
  #passed = 0;
  #failed = 0;

  /** `all`: every failure with its message, instead of a few of each kind. */
  constructor(all: boolean, print: (line: string) => void) {
    this.#all = all;
    this.#print = print;
  }

  exclude(name: string, reason: string): void {
    this.#excluded.set(reason, (this.#excluded.get(reason) ?? new Set()).add(name));
  }

  specDone({ status, fullName, failedExpectations }: SpecResult): void {
    if (status === "passed") this.#passed++;
    if (status !== "failed") return;
    this.#failed++;
    const [first] = failedExpectations;
    const message = first?.message.split("\n")[0] ?? "no expectation";
    // Numbers differ from spec to spec where the cause is one.
    const kind = message.replace(/-?\d[\d.,e+-]*/g, "#").slice(0, 160);
    const detail = this.#all
      ? `${fullName}\n      ${first?.message.replaceAll("\n", "\n      ").slice(0, 600)}`
      : fullName;
    this.#failures.set(kind, [...(this.#failures.get(kind) ?? []), detail]);
  }

  jasmineDone(): void {
    const kinds = [...this.#failures].sort(([, a], [, b]) => b.length - a.length);
    for (const [kind, names] of this.#all ? kinds : kinds.slice(0, shown.kinds)) {
      this.#print(`\n${names.length} x ${kind}`);
      for (const name of this.#all ? names : names.slice(0, shown.names)) this.#print(`    ${name}`);
      if (!this.#all && names.length > shown.names) this.#print("    ...");
    }
    for (const [reason, names] of this.#excluded) this.#print(`${String(names.size).padStart(4)} excluded: ${reason}`);
    const excluded = [...this.#excluded.values()].reduce((sum, names) => sum + names.size, 0);
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    this.#print(`\n${this.#passed} passed, ${this.#failed} failed, ${excluded} excluded (${seconds} s)`);
    // A run in which nothing ran is no proof of anything.
    process.exit(this.#failed > 0 || this.#passed === 0 ? 1 : 0);
  }
}
