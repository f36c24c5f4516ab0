// How far two results are from each other, and whether that is near enough.

/** One row of the report. */
export interface Comparison {
  name: string;
  ok: boolean;
  /** Of the absolute differences. */
  largest: number;
  mean: number;
  /** The share of values that are further off than the bound for most of them. */
  beyond: number;
  /** In words. */
  bound: string;
}

/** `exact`: equal bytes. `within`: at most so far off, everywhere. `mostly`: so far on such a share, and a mean as well. */
export type Bound =
  | { kind: "exact" }
  | { kind: "within"; value: number }
  | { kind: "mostly"; value: number; share: number; most: number };

/** Two lists of numbers of one length; another length is a miss. */
export function compare(name: string, found: ArrayLike<number>, expected: ArrayLike<number>, bound: Bound): Comparison {
  const limit = bound.kind === "exact" ? 0 : bound.value;
  let largest = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  let sum = 0;
  let above = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs((found[i] ?? Number.NaN) - expected[i]!);
    if (!(off <= largest)) largest = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    sum += off;
    if (!(off <= limit)) above++;
  }
  const beyond = above / Math.max(1, expected.length);
  const ok = bound.kind === "mostly" ? 1 - beyond >= bound.share && largest <= bound.most : largest <= limit;
  return { name, ok, largest, mean: sum / Math.max(1, expected.length), beyond, bound: words(bound) };
}

function words(bound: Bound): string {
  if (bound.kind === "exact") return "exact";
  if (bound.kind === "within") return `<= ${Number(bound.value.toPrecision(3))}`;
  return `<= ${bound.value} on ${100 * bound.share} %, <= ${Number(bound.most.toPrecision(3))}`;
}
