// The WebAssembly that decodes (kernels/jpeg.ts), and its memory. One is kept for each thread.

import { kernels } from "#jpeg-kernels";

interface Kernels {
  /** The first byte that is free. */
  start: WebAssembly.Global<"i32">;
  unstuff(source: number, end: number, target: number, bounds: number, most: number): number;
  begin(components: number, count: number, bounds: number): void;
  scanRow(
    components: number,
    count: number,
    units: number,
    from: number,
    to: number,
    half: number,
    done: number,
    restartInterval: number,
  ): number;
  stretchAcross(row: number, from: number, to: number, count: number, out: number): void;
  stretchBoth(near: number, far: number, from: number, to: number, count: number, sums: number, out: number): void;
  toRgb(luma: number, blue: number, red: number, count: number, out: number): void;
}

export interface JpegMachine {
  kernels: Kernels;
  memory: WebAssembly.Memory;
}

const pageBytes = 65_536;
/** Memory grows and never shrinks, so that larger files have a memory of their own, which goes with them. */
const keptBytes = 32 * 2 ** 20;
const mostBytes = 2 ** 31;

let kept: JpegMachine | undefined;
let compiled: WebAssembly.Module | undefined | null = null;

/**
 * With so many bytes of memory behind `start`; it holds what the last file left there. Undefined where the machine has
 * no such vectors, or not so much memory.
 */
export function jpegMachine(bytes: number): JpegMachine | undefined {
  if (bytes > mostBytes) return undefined;
  if (compiled === null) compiled = WebAssembly.validate(kernels) ? new WebAssembly.Module(kernels) : undefined;
  if (compiled === undefined) return undefined;
  try {
    return grown(bytes, compiled);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function grown(bytes: number, module: WebAssembly.Module): JpegMachine {
  if (bytes <= keptBytes) kept ??= start(module);
  const machine = bytes <= keptBytes && kept ? kept : start(module);
  const missing = machine.kernels.start.value + bytes - machine.memory.buffer.byteLength;
  if (missing > 0) machine.memory.grow(Math.ceil(missing / pageBytes));
  return machine;
}

function start(module: WebAssembly.Module): JpegMachine {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, kernels: instance.exports as unknown as Kernels };
}
