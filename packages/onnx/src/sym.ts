// A TensorFlow.js tensor inside the program: a logical shape, and one or more values that hold it in some physical order of
// axes. Convolutions want NCHW while tfjs is NHWC; keeping the order lazily lets chains of operators stay in NCHW.

import type { DType, Value } from "./graph.ts";

/** Physical axis i holds logical axis perm[i]. */
export type Perm = readonly number[];

export const NCHW: Perm = [0, 3, 1, 2];
export const OIHW: Perm = [3, 2, 0, 1];
/** A depthwise filter [H, W, C, M] as [C, M, H, W]. */
export const CMHW: Perm = [2, 3, 0, 1];

export class Sym {
  /** Logical shape. */
  readonly shape: number[];
  readonly dtype: DType;
  /** The one number that every element has, where that is known. */
  readonly splat: number | undefined;
  readonly #forms = new Map<string, { perm: Perm; value: Value }>();
  readonly #first: { perm: Perm; value: Value };

  constructor(shape: readonly number[], dtype: DType, value: Value, perm?: Perm, splat?: number) {
    this.shape = [...shape];
    this.dtype = dtype;
    this.splat = splat;
    this.#first = { perm: perm ?? identity(shape.length), value };
    this.add(this.#first.perm, value);
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The value in an order of axes, if there is one. */
  form(perm: Perm): Value | undefined {
    return this.#forms.get(perm.join())?.value;
  }

  add(perm: Perm, value: Value): void {
    this.#forms.set(perm.join(), { perm, value });
  }

  /** The value it was made with, and its order. */
  get origin(): { perm: Perm; value: Value } {
    return this.#first;
  }

  /** The order it is held in when that is not the logical one: what the next operator should keep. */
  get perm(): Perm | undefined {
    return this.form(identity(this.rank)) === undefined ? this.#first.perm : undefined;
  }
}

export function identity(rank: number): Perm {
  return Array.from({ length: rank }, (_, i) => i);
}

export function inverse(perm: Perm): number[] {
  const result: number[] = [];
  perm.forEach((axis, i) => {
    result[axis] = i;
  });
  return result;
}

/** `perm.map(axis => shape[axis])`. */
export function permuteShape(shape: readonly number[], perm: Perm): number[] {
  return perm.map((axis) => shape[axis]!);
}

/** True where changing the order moves no element, because only axes of size 1 change places. */
export function isReshape(shape: readonly number[], perm: Perm): boolean {
  const long = perm.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > long[i - 1]!);
}
