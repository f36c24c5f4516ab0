// The one error class that users meet, and the help for a mistyped name.

const marker = Symbol.for("vitrine.error");

export interface VitrineErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** The mistake lies in what the user asked for (a flag, a name, a value), not in what happened. Exit code 2 in the CLI. */
  usage?: boolean;
}

/**
 * An error a user can act on. The message names the place, what was expected, what came, and the next step:
 * `vit: imageSize 33 is not a multiple of patchSize 16; the nearest legal sizes are 32 and 48`.
 */
export class VitrineError extends Error {
  override readonly name = "VitrineError";
  /** Part of the library, function or file that refused. */
  readonly where: string;
  readonly usage: boolean;
  readonly [marker] = true;

  constructor(where: string, message: string, options: VitrineErrorOptions = {}) {
    super(`${where}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.where = where;
    this.usage = options.usage ?? false;
  }
}

/** True for a `VitrineError` of any installed copy of this package. */
export function isVitrineError(error: unknown): error is VitrineError {
  return typeof error === "object" && error !== null && marker in error;
}

/** The entry of `known` nearest to `word`, if it is near enough to be a slip of the finger. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing where no entry of `known` is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const candidate = nearest(word, known);
  return candidate === undefined ? "" : ` (did you mean "${candidate}"?)`;
}

/** Levenshtein distance, given up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}
