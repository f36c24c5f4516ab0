// Modules of WebAssembly kernels (kernels/*.ts) and their memory. Each thread keeps one of each module.

export interface Machine<Kernels> {
  memory: WebAssembly.Memory;
  kernels: Kernels;
}

/** What every module says of itself: its first byte that is free. */
interface Free {
  start: WebAssembly.Global<"i32">;
}

/** Bytes that are left to a module's own tables. */
const reserved = 4096;

/** Buffers behind each other, with room for the 16 bytes that kernels may read and write behind an end. */
export function layout(lengths: number[]): { starts: number[]; end: number } {
  let end = reserved;
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

/**
 * Gives machines with so many bytes of memory, which holds what was left there. Undefined where there are no such vectors
 * (SIMD) or not so much memory.
 */
export function machines<Kernels>(code: Uint8Array<ArrayBuffer>): (bytes: number) => Machine<Kernels> | undefined {
  let compiled: WebAssembly.Module | undefined | null = null;
  let kept: Machine<Kernels> | undefined;

  function machineOf(bytes: number, module: WebAssembly.Module): Machine<Kernels> {
    if (bytes > keptBytes) return start(module, bytes);
    kept ??= start(module, bytes);
    const missing = bytes - kept.memory.buffer.byteLength;
    if (missing > 0) kept.memory.grow(Math.ceil(missing / pageBytes));
    return kept;
  }

  return (bytes) => {
    if (bytes > mostBytes) return undefined;
    if (compiled === null) compiled = WebAssembly.validate(code) ? new WebAssembly.Module(code) : undefined;
    if (compiled === undefined) return undefined;
    try {
      return machineOf(bytes, compiled);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

function start<Kernels>(module: WebAssembly.Module, bytes: number): Machine<Kernels> {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: 65_536 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const free = (exports as unknown as Free).start.value;
  if (free > reserved) throw new Error(`kernels have tables of ${free} bytes; raise the ${reserved} left to them`);
  return { memory, kernels: exports as Kernels };
}
