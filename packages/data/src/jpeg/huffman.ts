// Huffman tables as the kernels read them (kernels/jpeg/scan.ts): what the next 10 bits mean, all at once.

/** As it stands in a file: how many codes have 1 … 16 bits, and what they stand for, shortest first. */
export interface HuffmanTable {
  counts: Uint8Array;
  symbols: Uint8Array;
}

const lookupBits = 10;
/** Entries of the lookup; for each length its limit and its first symbol; an entry for each symbol. */
export const tableLength = (1 << lookupBits) + 17 + 17 + 256;

/** "All others are zero." */
const endOfBlock = 127;

/** Writes the table. False where its codes are none: too many, or symbols that cannot be. */
export function layTable({ counts, symbols }: HuffmanTable, kind: "dc" | "ac", table: Int32Array): boolean {
  const limits = table.subarray(1 << lookupBits);
  const firsts = limits.subarray(17);
  const entries = firsts.subarray(17);
  table.fill(0);
  let code = 0;
  let position = 0;
  for (let length = 1; length <= 16; length++) {
    firsts[length] = position - code;
    for (let i = 0; i < counts[length - 1]!; i++, code++, position++) {
      const symbol = symbols[position]!;
      // No code may be all ones.
      if (code >= (1 << length) - 1 || (kind === "dc" && symbol > 15)) return false;
      entries[position] = entryOf(symbol, kind, length);
      if (length <= lookupBits) fillLookup(table, code, length, symbol, kind);
    }
    limits[length] = code << (16 - length);
    code <<= 1;
  }
  return true;
}

/** How many zeros come first, and how many bits the value has. */
function meaning(symbol: number, kind: "dc" | "ac"): [run: number, size: number] {
  if (kind === "dc") return [0, symbol];
  const [run, size] = [symbol >> 4, symbol & 15];
  return size === 0 && run < 15 ? [endOfBlock, 0] : [run, size];
}

/** For a value whose bits are still to be read. */
function entryOf(symbol: number, kind: "dc" | "ac", length: number): number {
  const [run, size] = meaning(symbol, kind);
  return (length + size) | (run << 6) | (size << 13);
}

/** All that begins with the code; with the value where it fits. */
function fillLookup(table: Int32Array, code: number, length: number, symbol: number, kind: "dc" | "ac"): void {
  const [run, size] = meaning(symbol, kind);
  const free = lookupBits - length;
  const first = code << free;
  if (size === 0 || size > free) {
    table.fill(entryOf(symbol, kind, length), first, first + (1 << free));
    return;
  }
  const rest = free - size;
  for (let read = 0; read < 1 << size; read++) {
    const value = read < 1 << (size - 1) ? read - (1 << size) + 1 : read;
    const entry = (length + size) | (run << 6) | (value << 17);
    const at = first + (read << rest);
    table.fill(entry, at, at + (1 << rest));
  }
}
