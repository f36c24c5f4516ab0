// The WebAssembly that decodes (kernels/jpeg.ts).

import { kernels } from "#jpeg-kernels";
import { type Machine, machines } from "../wasm.ts";

interface Kernels {
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

export type JpegMachine = Machine<Kernels>;

/**
 * With so many bytes of memory, which holds what the last file left there. Undefined where the machine has no such
 * vectors, or not so much memory.
 */
export const jpegMachine = machines<Kernels>(kernels);
