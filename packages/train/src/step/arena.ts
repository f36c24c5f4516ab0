// Parameters, gradients and moments in flat WebAssembly memories, so that an update is one pass over them and ONNX Runtime
// reads and writes them where they lie. A memory holds at most 4 GiB; larger models take several.

import { VitrineError } from "@vitrine/core";
import { kernels } from "#updates-kernels";

interface Kernels {
  adamw(
    ...args: [
      p: number,
      g: number,
      m: number,
      v: number,
      n: number,
      beta1: number,
      beta2: number,
      rate: number,
      keep: number,
      epsilon: number,
      root: number,
      scale: number,
    ]
  ): void;
  sgd(
    ...args: [
      p: number,
      g: number,
      m: number,
      n: number,
      blend: number,
      ahead: number,
      direct: number,
      rate: number,
      decay: number,
      scale: number,
    ]
  ): void;
  blend(...args: [a: number, b: number, n: number, keep: number, add: number]): void;
  sumSquares(g: number, n: number): number;
}

/** What is to be stored: a parameter's path, its number of elements, and the constants of its update. */
export interface Slot {
  path: string;
  size: number;
  decay: boolean;
  rateScale: number;
}

/** A run of slots with the same constants, updated by one call. Offsets are in bytes from a region's start. */
export interface Segment {
  offset: number;
  length: number;
  decay: boolean;
  rateScale: number;
}

/** One memory: regions of equal layout (`params`, `grads`, …), each with every slot at the same offset. */
export interface Arena {
  kernels: Kernels;
  segments: Segment[];
  /** Numbers in a region. */
  length: number;
  /** Byte address of a region. */
  base(region: string): number;
  /** Sets a region to zero. */
  clear(region: string): void;
}

const pageBytes = 65_536;
/** Numbers: slots start on a cache line. */
const alignment = 16;
const largestMemory = 65_536 * pageBytes - pageBytes;

export class FlatStore {
  readonly arenas: readonly Arena[];
  readonly #views = new Map<string, Float32Array>();

  /** @param largest bytes of one memory; a parameter must fit into one with all its regions. */
  constructor(slots: readonly Slot[], regions: readonly string[], largest = largestMemory) {
    const groups = new Map<string, Slot[]>();
    for (const slot of slots) {
      const key = `${slot.decay} ${slot.rateScale}`;
      groups.set(key, [...(groups.get(key) ?? []), slot]);
    }
    const capacity = Math.floor(largest / (4 * regions.length));
    this.arenas = fill([...groups.values()].flat(), capacity).map((part) => this.#arena(part, regions));
  }

  /** The numbers of a slot in a region. */
  view(region: string, path: string): Float32Array {
    const view = this.#views.get(`${region}/${path}`);
    if (view === undefined) throw new VitrineError("step", `there is no "${path}" in region "${region}"`);
    return view;
  }

  #arena(slots: readonly Slot[], regions: readonly string[]): Arena {
    const length = slots.reduce((sum, slot) => sum + padded(slot.size), 0);
    const bytes = 4 * length * regions.length;
    const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / pageBytes)), maximum: 65_536 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(kernels), { env: { memory } });
    const base = (region: string) => 4 * length * regions.indexOf(region);
    const segments: Segment[] = [];
    let offset = 0;
    for (const { path, size, decay, rateScale } of slots) {
      const last = segments.at(-1);
      if (last !== undefined && last.decay === decay && last.rateScale === rateScale) last.length += padded(size);
      else segments.push({ offset: 4 * offset, length: padded(size), decay, rateScale });
      for (const region of regions)
        this.#views.set(`${region}/${path}`, new Float32Array(memory.buffer, base(region) + 4 * offset, size));
      offset += padded(size);
    }
    const clear = (region: string) => {
      new Float32Array(memory.buffer, base(region), length).fill(0);
    };
    return { kernels: instance.exports as unknown as Kernels, segments, length, base, clear };
  }
}

function padded(size: number): number {
  return Math.ceil(Math.max(1, size) / alignment) * alignment;
}

/** Divides slots, in order, into parts of at most `capacity` numbers. */
function fill(slots: readonly Slot[], capacity: number): Slot[][] {
  const parts: Slot[][] = [];
  let room = 0;
  for (const slot of slots) {
    const size = padded(slot.size);
    if (size > capacity)
      throw new VitrineError("step", `parameter "${slot.path}" of ${slot.size} numbers does not fit into one memory`);
    if (size > room) {
      parts.push([]);
      room = capacity;
    }
    parts.at(-1)!.push(slot);
    room -= size;
  }
  return parts;
}
