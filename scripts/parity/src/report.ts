// What a person reads of the comparisons: a row a case, then the misses in words.

import type { Check, Quantity } from "@vitrine/test-utils/golden";

const columns: Quantity[] = ["logits", "features", "inter", "loss", "gradients", "statistics", "step"];

export class Report {
  #compared = 0;
  #cases = 0;
  readonly #misses: string[] = [];
  readonly #kinks: string[] = [];
  #header = false;

  /** The largest error of each quantity, marked where one is over its bound. */
  row(name: string, backend: string, checks: readonly Check[]): void {
    if (!this.#header) console.log(line("case", "backend", columns));
    this.#header = true;
    this.#cases++;
    this.#compared += checks.length;
    const cells = columns.map((quantity) => {
      const own = checks.filter((check) => check.quantity === quantity);
      if (own.length === 0) return "-";
      const worst = Math.max(...own.map(({ error }) => error));
      return `${worst.toExponential(1)}${own.every((check) => check.ok) ? (own.some((check) => check.nudged) ? " ~" : "") : " !"}`;
    });
    console.log(line(name, backend, cells));
    if (checks.some(({ nudged }) => nudged)) this.#kinks.push(`${name} ${backend}`);
    for (const check of checks.filter(({ ok }) => !ok))
      this.#misses.push(
        `${name} ${backend}: ${check.name} ${check.note ?? `is off by ${check.error.toExponential(2)}`}`,
      );
  }

  /** Something that could not be compared at all. */
  failure(where: string, message: string): void {
    console.log(`${where}: ${message}`);
    this.#misses.push(`${where}: ${message}`);
  }

  /** A comparison that is not of a case. */
  compared(ok: boolean, miss: string): void {
    this.#compared++;
    if (!ok) this.#misses.push(miss);
  }

  /** Prints the misses and the sum. @returns the exit code */
  finish(): number {
    if (this.#kinks.length > 0)
      console.log(
        `\n~ a kink lies within rounding; met with the weights moved by a unit in the last place: ${this.#kinks.join(", ")}`,
      );
    if (this.#misses.length > 0) console.log(`\n${this.#misses.join("\n")}`);
    const cases = this.#cases > 0 ? ` in ${this.#cases} rows` : "";
    console.log(`\n${this.#compared} comparisons${cases}, ${this.#misses.length} misses`);
    return this.#misses.length === 0 ? 0 : 1;
  }
}

function line(name: string, backend: string, cells: readonly string[]): string {
  return `${name.padEnd(44)} ${backend.padEnd(8)}${cells.map((cell) => cell.padStart(11)).join("")}`.trimEnd();
}
