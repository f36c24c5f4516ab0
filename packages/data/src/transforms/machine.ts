// The WebAssembly kernels of transforms (kernels/pixels.ts).

import { kernels } from "#pixels-kernels";
import { type Machine, machines } from "../wasm.ts";

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

export type PixelMachine = Machine<Kernels>;

/** With so many bytes of memory, of unknown content. Undefined where the machine has no such vectors. */
export const machineWith = machines<Kernels>(kernels);
