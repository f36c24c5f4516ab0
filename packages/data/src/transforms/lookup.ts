// Tone curves: every value of a channel replaced through a table of 256. Alpha, the last of 2 or 4 channels, is kept. In
// WebAssembly, and the same in plain code for machines without vectors; both give the same bytes.

import type { RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { machineWith } from "./machine.ts";

/** Channels that hold colour: 1 of grey (with or without alpha), 3 of RGB and RGBA. */
export function colorChannels(channels: number): number {
  return channels % 2 === 0 ? channels - 1 : channels;
}

/** `tables`: 256 values for all colours, or 256 for each of them. */
export function throughTables(image: RawImage, tables: Uint8Array): RawImage {
  return throughTablesFast(image, tables) ?? throughTablesPlainly(image, tables);
}

/** Undefined where the machine has no such vectors. */
export function throughTablesFast(image: RawImage, tables: Uint8Array): RawImage | undefined {
  const { data, channels } = image;
  const places = layout([data.length, tables.length]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const [at, table] = places.starts as [number, number];
  const bytes = new Uint8Array(machine.memory.buffer);
  bytes.set(data, at);
  bytes.set(tables, table);
  const { lookUp } = machine.kernels;
  const end = at + data.length;
  const colors = colorChannels(channels);
  if (tables.length === 256 && colors === channels) lookUp(at, end, 1, table);
  else for (let c = 0; c < colors; c++) lookUp(at + c, end, channels, table + ((256 * c) % tables.length));
  return { ...image, data: bytes.slice(at, end) };
}

export function throughTablesPlainly(image: RawImage, tables: Uint8Array): RawImage {
  const { data, channels } = image;
  const out = new Uint8Array(data);
  for (let c = 0; c < colorChannels(channels); c++) {
    const first = (256 * c) % tables.length;
    for (let i = c; i < data.length; i += channels) out[i] = tables[first + data[i]!]!;
  }
  return { ...image, data: out };
}

/** A curve given by a function, cut to 0 … 255; fractions are dropped. */
export function curve(at: (value: number) => number): Uint8Array {
  const table = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) table[value] = Math.trunc(at(value));
  return new Uint8Array(table.buffer);
}

/** How often each value occurs in each colour channel: [channels, 256], flat. */
export function histograms(image: RawImage): Uint32Array {
  return histogramsFast(image) ?? histogramsPlainly(image);
}

/** Undefined where the machine has no such vectors. */
export function histogramsFast({ data, channels }: RawImage): Uint32Array | undefined {
  const colors = colorChannels(channels);
  // The kernel counts in four parts and adds them up in the first; the others make room for the next channel.
  const places = layout([data.length, 1024 * (colors + 3)]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const [at, counts] = places.starts as [number, number];
  const { buffer } = machine.memory;
  new Uint8Array(buffer).set(data, at);
  const end = at + data.length;
  for (let c = 0; c < colors; c++) machine.kernels.histogram(at + c, end, channels, counts + 1024 * c);
  return new Uint32Array(buffer, counts, 256 * colors).slice();
}

export function histogramsPlainly({ data, channels }: RawImage): Uint32Array {
  const colors = colorChannels(channels);
  const counts = new Uint32Array(colors * 256);
  for (let c = 0; c < colors; c++) {
    for (let i = c; i < data.length; i += channels) counts[256 * c + data[i]!]!++;
  }
  return counts;
}
