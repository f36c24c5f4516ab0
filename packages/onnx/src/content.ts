// What a tensor of this backend can stand for: numbers, complex numbers as a pair of tensors, or strings.

import { Sym } from "./sym.ts";

export type Content = Sym | Complex | Strings;

export class Complex {
  readonly dtype = "complex64";
  readonly real: Sym;
  readonly imag: Sym;

  constructor(real: Sym, imag: Sym) {
    this.real = real;
    this.imag = imag;
  }

  get shape(): number[] {
    return this.real.shape;
  }
}

/** Strings have no place in a program: they are kept on the host, as UTF-8. */
export class Strings {
  readonly dtype = "string";
  readonly shape: number[];
  readonly values: Uint8Array[];

  constructor(shape: readonly number[], values: Uint8Array[]) {
    this.shape = [...shape];
    this.values = values;
  }
}

/** The tensors of the program behind it. */
export function partsOf(content: Content): Sym[] {
  if (content instanceof Sym) return [content];
  return content instanceof Complex ? [content.real, content.imag] : [];
}
