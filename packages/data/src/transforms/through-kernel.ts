// The way of an image through a WebAssembly kernel and back.

import type { RawImage } from "../raw-image.ts";
import { layout } from "../wasm.ts";
import { machineWith, type PixelMachine } from "./machine.ts";

/**
 * An image of the same size and of `channels` as `kernel` writes it to `out`, from the bytes between `source` and `end`.
 * Undefined where the machine has no such vectors.
 */
export function throughKernel(
  image: RawImage,
  channels: number,
  kernel: (kernels: PixelMachine["kernels"], source: number, end: number, out: number) => void,
): RawImage | undefined {
  const { data, width, height } = image;
  const length = width * height * channels;
  const places = layout([data.length, length]);
  const machine = machineWith(places.end);
  if (machine === undefined) return undefined;
  const [source, out] = places.starts as [number, number];
  const bytes = new Uint8Array(machine.memory.buffer);
  bytes.set(data, source);
  kernel(machine.kernels, source, source + data.length, out);
  return { data: bytes.slice(out, out + length), width, height, channels };
}
