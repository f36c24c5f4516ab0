// Numbers and tables as text.

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function percent(value: number): string {
  return `${value.toFixed(2)} %`;
}

export function giga(value: number): string {
  return value >= 1e8 ? `${(value / 1e9).toFixed(2)} G` : `${(value / 1e6).toFixed(2)} M`;
}

export function bytes(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} kB` : `${value} B`;
}

/** Rows in columns; those of `right` end at the same place. */
export function alignRows(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  "),
  );
}

/** Lying bars of text, each at most `widest` letters. */
export function textBars(rows: readonly { name: string; value: number }[], widest = 40): string[] {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  const cells = rows.map(({ name, value }) => [name, count(value), "#".repeat(Math.ceil((value / most) * widest))]);
  return cells.length === 0 ? [] : alignRows(cells, [1]).map((line) => line.trimEnd());
}

/** Colours, where there are to be some. */
export function painter(on: boolean): Record<"good" | "warn" | "bad", (text: string) => string> {
  const paint = (code: number) => (text: string) => (on ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint(32), warn: paint(33), bad: paint(31) };
}
