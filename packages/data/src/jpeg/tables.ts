// The Huffman tables of a file in a machine's memory. Most files have those of the standard: what the last file left
// there is used again.

import type { JpegComponent } from "./header.ts";
import { type HuffmanTable, layTable, tableLength } from "./huffman.ts";
import type { JpegMachine } from "./machine.ts";

/** What lies in each place. */
const laid = new WeakMap<JpegMachine, (HuffmanTable | undefined)[]>();

/** Addresses of the tables of each component; undefined where one is no table of codes. `start`: room for six. */
export function placeTables(
  machine: JpegMachine,
  components: readonly JpegComponent[],
  start: number,
): { dc: number; ac: number }[] | undefined {
  const present = laid.get(machine) ?? [];
  laid.set(machine, present);
  const places = new Map<HuffmanTable, number>();
  const placed = (table: HuffmanTable, kind: "dc" | "ac", place: number): boolean => {
    if (places.has(table)) return true;
    const address = start + 4 * tableLength * place;
    places.set(table, address);
    if (equal(present[place], table)) return true;
    present[place] = undefined;
    if (!layTable(table, kind, new Int32Array(machine.memory.buffer, address, tableLength))) return false;
    present[place] = { counts: table.counts.slice(), symbols: table.symbols.slice() };
    return true;
  };
  for (const [c, { dc, ac }] of components.entries()) {
    if (!placed(dc, "dc", 2 * c) || !placed(ac, "ac", 2 * c + 1)) return undefined;
  }
  return components.map(({ dc, ac }) => ({ dc: places.get(dc)!, ac: places.get(ac)! }));
}

function equal(a: HuffmanTable | undefined, b: HuffmanTable): boolean {
  return a !== undefined && sameBytes(a.counts, b.counts) && sameBytes(a.symbols, b.symbols);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
