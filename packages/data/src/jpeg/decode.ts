// Baseline JPEGs to pixels, with the bytes that libjpeg-turbo gives by default. Why not by the library that reads all
// other files (image.ts): it takes three times as long, and cannot leave out what a crop does not show.

import type { Box } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { type Geometry, geometryOf } from "./geometry.ts";
import type { JpegHeader } from "./header.ts";
import { tableLength } from "./huffman.ts";
import { type JpegMachine, jpegMachine } from "./machine.ts";
import { placeTables } from "./tables.ts";

/** What follows the last code of a sound file. */
const endOfImage = 0xd9;
/** Codes that make no sense are noticed at most so many bytes behind their end. */
const slack = 8192;
/** Numbers that describe a component to the kernels. */
const componentLength = 8;
/** Kernels read and write up to 16 bytes around a row. */
const margin = 16;

/** One file in a machine's memory. */
interface Job {
  machine: JpegMachine;
  header: JpegHeader;
  geometry: Geometry;
  box: Box;
  /** Addresses. */
  at: Places;
  /** Bytes from a row of samples to the next, by component. */
  strides: number[];
}

interface Places {
  components: number;
  /** Where the segments of codes begin and end. */
  bounds: number;
  planes: number[];
  /** Sums of two rows of halved colours, and these rows at full width. */
  sums: number;
  blue: number;
  red: number;
  pixels: number;
}

/**
 * Writes the part of the image in `box` to `data`, with 1 channel for grey files and else 3; lying as in the file,
 * whatever Exif says. False for files that are damaged or have something unusual, which another decoder may know, and
 * on machines without WebAssembly's vectors. The file must end as files do, but codes behind the last row of `box` are
 * not read.
 */
export function decodeJpeg(bytes: Uint8Array, header: JpegHeader, box: Box, data: Uint8Array): boolean {
  const geometry = geometryOf(header, box);
  if (geometry === undefined) return false;
  const job = place(bytes, header, geometry, box);
  return job !== undefined && scan(job, data);
}

/** Everything into the machine's memory; undefined where that is not possible or the codes do not end well. */
function place(bytes: Uint8Array, header: JpegHeader, geometry: Geometry, box: Box): Job | undefined {
  const { components, restartInterval } = header;
  const coded = bytes.length - header.scan;
  const units = geometry.across * geometry.down;
  const segments = restartInterval === 0 ? 1 : Math.ceil(units / restartInterval);
  const strides = components.map(({ across }) => 8 * across * geometry.across + 2 * margin);
  const width = strides[0]!;
  const spaces = layout([
    6 * 4 * tableLength, // first of all, so that tables lie where those of the last file did
    3 * 128,
    3 * 4 * componentLength,
    coded,
    coded + slack,
    8 + 8 * segments,
    ...[4 * width, width, width],
    3 * box.width * geometry.unitHeight * 2 + 3 * margin,
    ...components.map(({ down }, c) => 2 * 8 * down * strides[c]! + margin),
  ]);
  const machine = jpegMachine(spaces.end);
  if (machine === undefined) return undefined;
  const [tables, divisors, table, source, codes, counted, sums, blue, red, pixels, ...planes] = spaces.starts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    ...number[],
  ];
  const at: Places = {
    components: table,
    bounds: counted + 8,
    planes: planes.map((plane) => plane + margin),
    sums: sums + margin,
    blue,
    red,
    pixels,
  };
  const memory = machine.memory.buffer;
  const laid = placeTables(machine, components, tables);
  if (laid === undefined) return undefined;
  for (const [c, component] of components.entries()) {
    const own = divisors + 128 * c;
    new Int16Array(memory, own, 64).set(component.divisors);
    const { across, down } = component;
    const description = [across, down, laid[c]!.dc, laid[c]!.ac, own, at.planes[c]!, strides[c]!, 0];
    new Int32Array(memory, table + 4 * componentLength * c, componentLength).set(description);
  }
  new Uint8Array(memory, source, coded).set(bytes.subarray(header.scan));
  const found = machine.kernels.unstuff(source, source + coded, codes, at.bounds, segments);
  const marker = new Int32Array(memory, at.bounds - 4, 1)[0];
  if (found !== segments || marker !== endOfImage) return undefined;
  return { machine, header, geometry, box, at, strides };
}

/** Unit by unit, a row at a time; pixels as soon as all that they are made from is there. */
function scan(job: Job, data: Uint8Array): boolean {
  const { machine, header, geometry, box, at } = job;
  const { components, restartInterval } = header;
  const { rows, columns, across, unitHeight, halved } = geometry;
  const channels = components.length;
  const stride = box.width * channels;
  const bottom = box.top + box.height;
  machine.kernels.begin(at.components, channels, at.bounds);
  let y = box.top;
  for (let row = 0; row < rows.end; row++) {
    const { start, end } = row < rows.start ? { start: 0, end: 0 } : columns;
    const sound = machine.kernels.scanRow(
      ...([at.components, channels, across, start, end] as const),
      ...([row & 1, row * across, restartInterval] as const),
    );
    if (!sound) return false;
    if (row < rows.start) continue;
    // The last row of pixels also takes colours from the units below.
    const known = (row + 1) * unitHeight - (halved === "both" && row + 1 < geometry.down ? 1 : 0);
    const ready = Math.min(bottom, known);
    const first = y;
    let out = at.pixels;
    for (; y < ready; y++, out += stride) writePixels(job, y, out);
    if (y > first)
      data.set(new Uint8Array(machine.memory.buffer, at.pixels, (y - first) * stride), (first - box.top) * stride);
  }
  return true;
}

function writePixels(job: Job, y: number, out: number): void {
  const { machine, header, geometry, box, at } = job;
  const { kernels } = machine;
  const luma = sampleRow(job, 0, y) + box.left;
  if (header.components.length === 1) {
    new Uint8Array(machine.memory.buffer).copyWithin(out, luma, luma + box.width);
    return;
  }
  let [blue, red] = [at.blue, at.red];
  const count = Math.ceil(header.width / 2);
  const [from, to] = [box.left >> 1, (box.left + box.width + 1) >> 1];
  if (geometry.halved === "not") {
    [blue, red] = [sampleRow(job, 1, y), sampleRow(job, 2, y)];
  } else if (geometry.halved === "across") {
    kernels.stretchAcross(sampleRow(job, 1, y), from, to, count, blue);
    kernels.stretchAcross(sampleRow(job, 2, y), from, to, count, red);
  } else {
    const near = y >> 1;
    const last = Math.ceil(header.height / 2) - 1;
    const far = Math.max(0, Math.min(last, y % 2 === 0 ? near - 1 : near + 1));
    kernels.stretchBoth(sampleRow(job, 1, near), sampleRow(job, 1, far), from, to, count, at.sums, blue);
    kernels.stretchBoth(sampleRow(job, 2, near), sampleRow(job, 2, far), from, to, count, at.sums, red);
  }
  kernels.toRgb(luma, blue + box.left, red + box.left, box.width, out);
}

/** Where row `y` of a component lies: its plane holds an even and an odd row of units. */
function sampleRow({ header, at, strides }: Job, component: number, y: number): number {
  const rows = 16 * header.components[component]!.down;
  return at.planes[component]! + (y % rows) * strides[component]!;
}
