// Rows of a CSV text (RFC 4180): fields in quotes may hold commas, quotes ("") and line ends.

import { VitrineError } from "@vitrine/core";

export interface CsvRow {
  /** Line on which it begins, from 1. */
  line: number;
  fields: string[];
}

/** Rows that hold anything. The delimiter is the comma, semicolon or tab that the first line has most of. */
export function parseCsv(where: string, text: string): CsvRow[] {
  const source = text.replace(/^\uFEFF/, "");
  const delimiter = delimiterOf(source);
  const rows: CsvRow[] = [];
  let line = 1;
  for (let at = 0; at < source.length; ) {
    const row: CsvRow = { line, fields: [] };
    for (;;) {
      let field = "";
      if (source[at] === '"') {
        const start = line;
        for (at++; ; ) {
          const quote = source.indexOf('"', at);
          if (quote < 0) throw new VitrineError(where, `line ${start}: a quote is never closed`, { usage: true });
          const part = source.slice(at, quote);
          field += part;
          line += part.split("\n").length - 1;
          at = quote + 1;
          if (source[at] !== '"') break;
          field += '"';
          at++;
        }
        if (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r")
          throw new VitrineError(where, `line ${line}: text after a closing quote: ${source.slice(at, at + 20)}`, {
            usage: true,
          });
      } else {
        const start = at;
        while (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r") at++;
        field = source.slice(start, at).trim();
      }
      row.fields.push(field);
      if (source[at] !== delimiter) break;
      at++;
    }
    if (source[at] === "\r") at++;
    if (source[at] === "\n") at++;
    line++;
    if (row.fields.some((field) => field !== "")) rows.push(row);
  }
  return rows;
}

/** A field as it must be written. */
export function csvField(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function delimiterOf(text: string): string {
  const first = /^[^\r\n]*/.exec(text)![0].replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((mark) => ({ mark, count: first.split(mark).length }));
  return counts.reduce((best, other) => (other.count > best.count ? other : best)).mark;
}
