// Counter-based random numbers. A stream is a function of its key alone, so it does not matter who draws, when, or in what
// order: (seed, epoch, sample, op) gives the same crop with one worker or with eight, before and after a resume.
// Philox 4x32-10, Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** A stream of random numbers that depends on its key only. */
export class Rng {
  readonly #k0: number;
  readonly #k1: number;
  #counter = 0;
  readonly #block = new Uint32Array(4);
  #left = 0;
  #spare: number | undefined;

  private constructor(k0: number, k1: number) {
    this.#k0 = k0 >>> 0;
    this.#k1 = k1 >>> 0;
  }

  /** The stream of a key: numbers and names, for example `Rng.of(seed, epoch, sample, "crop")`. */
  static of(...key: readonly (number | string)[]): Rng {
    const block = new Uint32Array(4);
    let k0 = 0x243f6a88;
    let k1 = 0x85a308d3;
    for (const part of key) {
      const word = typeof part === "string" ? hashString(part) : part;
      philox(block, k0, k1, word >>> 0, Math.floor(word / 4294967296) >>> 0, typeof part === "string" ? 1 : 0, 0);
      k0 = block[0]!;
      k1 = block[1]!;
    }
    return new Rng(k0, k1);
  }

  /** An independent stream below this one; draws from neither change the other. */
  fold(...key: readonly (number | string)[]): Rng {
    return Rng.of(this.#k0, this.#k1, ...key);
  }

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.#left === 0) {
      philox(this.#block, this.#k0, this.#k1, this.#counter >>> 0, Math.floor(this.#counter / 4294967296), 0, 0);
      this.#counter++;
      this.#left = 4;
    }
    return this.#block[4 - this.#left--]!;
  }

  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform integer in [0, n), without bias. */
  int(n: number): number {
    const limit = Math.floor(4294967296 / n) * n;
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  /** Normal with mean 0 and deviation 1 (Box and Muller; the second of the pair is the next call's). */
  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Gamma(shape, 1), Marsaglia and Tsang 2000. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /** Beta(a, b). */
  beta(a: number, b: number): number {
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y === 0 ? 0.5 : x / (x + y);
  }

  /** A random order of 0 … n-1 (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}

/** FNV-1a over UTF-16 units: names to 32 bits. */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Philox 4x32-10: encrypts the counter (c0, c1, c2, c3) with the key into `out`. */
export function philox(out: Uint32Array, k0: number, k1: number, c0: number, c1: number, c2: number, c3: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low0 = Math.imul(M0, c0);
    c0 = high1 ^ c1 ^ k0;
    c1 = Math.imul(M1, c2);
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const cross = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + ((middle / 65536) | 0) + ((cross / 65536) | 0)) | 0;
}
