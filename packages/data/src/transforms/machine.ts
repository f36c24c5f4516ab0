// The WebAssembly kernels (kernels/pixels.ts) and their memory. One is kept for each thread.

import { kernels } from "#pixels-kernels";

interface Kernels {
  rows(
    source: number,
    stride: number,
    height: number,
    channels: number,
    ...rest: [
      ...weights: [starts: number, counts: number, values: number, size: number, width: number],
      out: number,
      outStride: number,
      tile: number,
    ]
  ): void;
  columns(
    source: number,
    stride: number,
    length: number,
    ...weights: [starts: number, counts: number, values: number, size: number, height: number, out: number]
  ): void;
  box(
    source: number,
    out: number,
    sums: number,
    ...rest: [length: number, height: number, reach: number, whole: number, end: number]
  ): void;
  pick(row: number, offsets: number, count: number, channels: number, out: number): void;
  nearest: PositionKernel;
  bilinear: PositionKernel;
  bicubic: PositionKernel;
  lookUp(at: number, end: number, step: number, table: number): void;
  histogram(at: number, end: number, step: number, counts: number): void;
  repeat(source: number, end: number, out: number): void;
  dropFourth(source: number, end: number, out: number): void;
  luma(source: number, end: number, channels: number, out: number): void;
  grayscale(source: number, end: number, channels: number, out: number): void;
  color(source: number, end: number, channels: number, factor: number, out: number): void;
  hue(source: number, end: number, channels: number, turn: number, out: number): void;
  sharpness(source: number, width: number, height: number, channels: number, factor: number, out: number): void;
  mirror(source: number, width: number, height: number, channels: number, out: number): void;
}

type PositionKernel = (
  source: number,
  ...rest: [width: number, height: number, channels: number, positions: number, count: number, out: number]
) => void;

export interface Machine {
  memory: WebAssembly.Memory;
  kernels: Kernels;
}

/** Buffers behind each other, with room for the 16 bytes that kernels may read and write behind an end. */
export function layout(lengths: number[]): { starts: number[]; end: number } {
  let end = 0;
  const starts = lengths.map((length) => {
    const start = end;
    end += Math.ceil(length / 16) * 16 + 16;
    return start;
  });
  return { starts, end };
}

const pageBytes = 65_536;
/** Memory grows and never shrinks, so that larger images have a memory of their own, which goes with them. */
const keptBytes = 32 * 2 ** 20;
/** What WebAssembly can address is 4 GB; plain code has no such limit. */
const mostBytes = 2 ** 31;

let kept: Machine | undefined;
let compiled: WebAssembly.Module | undefined | null = null;

/** With so many bytes of memory, of unknown content. Undefined where the machine has no such vectors. */
export function machineWith(bytes: number): Machine | undefined {
  if (bytes > mostBytes) return undefined;
  if (compiled === null) compiled = WebAssembly.validate(kernels) ? new WebAssembly.Module(kernels) : undefined;
  if (compiled === undefined) return undefined;
  if (bytes > keptBytes) return start(compiled, bytes);
  kept ??= start(compiled, bytes);
  const missing = bytes - kept.memory.buffer.byteLength;
  if (missing > 0) kept.memory.grow(Math.ceil(missing / pageBytes));
  return kept;
}

function start(module: WebAssembly.Module, bytes: number): Machine {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: 65_536 });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, kernels: instance.exports as unknown as Kernels };
}
