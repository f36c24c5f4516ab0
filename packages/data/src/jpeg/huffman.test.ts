import { Rng } from "@vitrine/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pixelsOf } from "../picture.ts";
import { type HuffmanTable, layTable, tableLength } from "./huffman.ts";
import { jpegSource } from "./source.ts";
import { bySharp } from "./testing.ts";

type Kind = "dc" | "ac";

/** All symbols that may be. */
const symbolsOf: Record<Kind, number[]> = {
  dc: Array.from({ length: 16 }, (_, size) => size),
  ac: Array.from({ length: 256 }, (_, symbol) => symbol),
};

/** Codes of random lengths for symbols in random order: leaves of a tree that is split here and there. */
function drawTable(rng: Rng, symbols: readonly number[]): HuffmanTable {
  const depths = [1, 1];
  while (depths.length < symbols.length + 1) {
    const which = rng.int(depths.length);
    const depth = depths[which]!;
    // Half of the time the deepest, so that long codes come up.
    const [at, found] =
      rng.int(2) === 0 && depths[depths.length - 1]! < 16 ? [depths.length - 1, depths.at(-1)!] : [which, depth];
    if (found === 16) continue;
    depths[at] = found + 1;
    depths.push(found + 1);
  }
  const counts = new Uint8Array(16);
  for (const depth of depths) counts[depth - 1]!++;
  // The last code would be all ones.
  counts[Math.max(...depths) - 1]!--;
  const order = symbols.map((symbol) => ({ symbol, at: rng.int(2 ** 30) })).sort((a, b) => a.at - b.at);
  return { counts, symbols: Uint8Array.from(order, ({ symbol }) => symbol) };
}

/** Each symbol's code as ones and zeros, by figure C.2 of the standard. */
function codesOf({ counts, symbols }: HuffmanTable): Map<string, number> {
  const codes = new Map<string, number>();
  let code = 0;
  let position = 0;
  for (let length = 1; length <= 16; length++, code *= 2) {
    for (let i = 0; i < counts[length - 1]!; i++)
      codes.set((code++).toString(2).padStart(length, "0"), symbols[position++]!);
  }
  return codes;
}

interface Found {
  /** Zeros ahead of the value; 127: nothing but zeros. */
  run: number;
  value: number;
  used: number;
}

/** Bit by bit. */
function naive(bits: string, codes: Map<string, number>, kind: Kind): Found | undefined {
  for (let length = 1; length <= 16; length++) {
    const symbol = codes.get(bits.slice(0, length));
    if (symbol === undefined) continue;
    const [run, size] = kind === "dc" ? [0, symbol] : [symbol >> 4, symbol & 15];
    if (size === 0) return { run: kind === "ac" && run < 15 ? 127 : run, value: 0, used: length };
    const read = Number.parseInt(bits.slice(length, length + size), 2);
    return { run, value: read < 2 ** (size - 1) ? read - 2 ** size + 1 : read, used: length + size };
  }
  return undefined;
}

/** As the kernels read the table (kernels/jpeg/scan.ts). */
function byTable(bits: string, table: Int32Array): Found | undefined {
  let entry = table[Number.parseInt(bits.slice(0, 10), 2)]!;
  for (let length = 11; entry === 0 && length <= 16; length++) {
    const code = Number.parseInt(bits.slice(0, 16), 2);
    if (code >= table[1024 + length]!) continue;
    entry = table[1024 + 34 + (code >> (16 - length)) + table[1024 + 17 + length]!]!;
  }
  if (entry === 0) return undefined;
  const [used, run, size] = [entry & 63, (entry >> 6) & 127, (entry >> 13) & 15];
  if (size === 0) return { run, value: entry >> 17, used };
  const read = Number.parseInt(bits.slice(used - size, used), 2);
  return { run, value: read < 2 ** (size - 1) ? read - 2 ** size + 1 : read, used };
}

describe("layTable", () => {
  test.for(["dc", "ac"] as const)("says of any bits what they mean (%s)", (kind) => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: symbolsOf[kind].length }), (seed, count) => {
        const rng = Rng.of("huffman", seed);
        const table = drawTable(rng, symbolsOf[kind].slice(-count));
        const laid = new Int32Array(tableLength).fill(-1);
        expect(layTable(table, kind, laid)).toBe(true);
        const codes = codesOf(table);
        for (let i = 0; i < 300; i++) {
          const start = rng.int(2) === 0 ? "1".repeat(rng.int(17)) : "";
          const bits =
            start +
            rng
              .int(2 ** 31)
              .toString(2)
              .padStart(31, "0");
          expect(byTable(bits, laid), bits).toEqual(naive(bits, codes, kind));
        }
      }),
      { numRuns: 200 },
    );
  });

  const table = (counts: number[], symbols: number[]): HuffmanTable => ({
    counts: Uint8Array.from({ length: 16 }, (_, i) => counts[i] ?? 0),
    symbols: Uint8Array.from(symbols),
  });
  test.for([
    ["more codes than there are", table([3], [0, 1, 2])],
    ["more codes than shorter ones leave", table([1, 3], [0, 1, 2, 3])],
    ["a code that is all ones", table([1, 2], [0, 1, 2])],
    ["a difference of 16 bits", table([0, 1], [16])],
  ] as const)("refuses %s", ([, bad]) => {
    expect(layTable(bad, "dc", new Int32Array(tableLength))).toBe(false);
  });

  test("takes a table without codes, which no bits fit", () => {
    const laid = new Int32Array(tableLength).fill(-1);
    expect(layTable(table([], []), "ac", laid)).toBe(true);
    expect(byTable("0".repeat(31), laid)).toBeUndefined();
  });
});

/** A grey file of random coefficients with these tables. */
function encoded(rng: Rng, across: number, down: number, dc: HuffmanTable, ac: HuffmanTable): Uint8Array {
  const [dcCodes, acCodes] = [dc, ac].map(
    (table) => new Map([...codesOf(table)].map(([code, symbol]) => [symbol, code])),
  );
  const divisors = Uint8Array.from({ length: 64 }, () => 1 + rng.int(255));
  let bits = "";
  const add = (codes: Map<number, string>, run: number, value: number) => {
    const size = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1;
    const rest = value < 0 ? value + 2 ** size - 1 : value;
    bits += codes.get((run << 4) | size)! + (size === 0 ? "" : rest.toString(2).padStart(size, "0"));
  };
  const draw = (divisor: number) => {
    const most = Math.floor(1600 / divisor);
    return rng.int(3) === 0 ? rng.int(2 * most + 1) - most : rng.int(3) - 1;
  };
  let before = 0;
  for (let block = 0; block < across * down; block++) {
    const value = draw(divisors[0]!);
    add(dcCodes!, 0, value - before);
    before = value;
    const density = 1 + rng.int(40);
    let run = 0;
    for (let k = 1; k < 64; k++) {
      const coefficient = rng.int(density) === 0 ? draw(divisors[k]!) : 0;
      if (coefficient === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) add(acCodes!, 15, 0);
      add(acCodes!, run, coefficient);
      run = 0;
    }
    if (run > 0) add(acCodes!, 0, 0);
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  const data: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8), 2);
    data.push(byte);
    if (byte === 0xff) data.push(0);
  }
  const segment = (marker: number, ...body: number[]) => [
    0xff,
    marker,
    (body.length + 2) >> 8,
    (body.length + 2) & 255,
    ...body,
  ];
  const sizes = [0, 8 * down, 0, 8 * across];
  return Uint8Array.from([
    ...[0xff, 0xd8, ...segment(0xdb, 0, ...divisors), ...segment(0xc0, 8, ...sizes, 1, 1, 0x11, 0)],
    ...segment(0xc4, 0x00, ...dc.counts, ...dc.symbols, 0x10, ...ac.counts, ...ac.symbols),
    ...[...segment(0xda, 1, 1, 0, 0, 63, 0), ...data, 0xff, 0xd9],
  ]);
}

test("files with any tables and any coefficients decode as sharp decodes them", async () => {
  const cases = fc.tuple(fc.nat(2 ** 31), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }));
  await fc.assert(
    fc.asyncProperty(cases, async ([seed, across, down]) => {
      const rng = Rng.of("coefficients", seed);
      const dc = drawTable(rng, symbolsOf.dc.slice(0, 13));
      const ac = drawTable(rng, symbolsOf.ac);
      const bytes = encoded(rng, across, down, dc, ac);
      expect(pixelsOf(jpegSource(bytes, 1, 1e6)!).data).toEqual(new Uint8Array((await bySharp(bytes, 1)).data));
    }),
    { numRuns: 100 },
  );
});
