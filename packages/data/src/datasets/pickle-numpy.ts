// The few calls that Python's and NumPy's picklers write around the bytes of an array, done without calling anything.

import { describe, NumpyArray, NumpyType, PickleName, PickleText, type PickleValue, textOf } from "./pickle-values.ts";

/** Makes the error for what was found. */
type Fail = (found: string) => Error;

/** What an allowed name does with its arguments. */
const calls: Readonly<Record<string, (args: readonly PickleValue[], fail: Fail) => PickleValue>> = {
  // Python 3 writes bytes under protocol 2 as encode(text, "latin1").
  "_codecs.encode"([text, encoding], fail) {
    const bytes = text instanceof PickleText && textOf(encoding) === "latin1" ? text.latin1() : undefined;
    if (bytes === undefined) throw fail("text that does not stand for bytes");
    return bytes;
  },
  "numpy.dtype"([code], fail) {
    const name = textOf(code) ?? describe(code);
    if (!/^[ui][1248]$/.test(name)) throw fail(`an array of ${name}`);
    return new NumpyType(name);
  },
  "numpy.ndarray"(_, fail) {
    throw fail("a call of numpy.ndarray");
  },
  // An empty array, which gets its content by `setState`.
  "numpy.core.multiarray._reconstruct"([type], fail) {
    if (!(type instanceof PickleName && type.name === "numpy.ndarray"))
      throw fail(`an array that is ${describe(type)}`);
    return new NumpyArray();
  },
  "numpy.core.numeric._frombuffer"([bytes, type, shape, order], fail) {
    return fill(new NumpyArray(), { bytes, type, shape, columnsFirst: textOf(order) !== "C" }, fail);
  },
};

/** A name that a pickle of arrays has to mention, or undefined. NumPy 2 calls `numpy.core` `numpy._core`. */
export function allowedName(module: string, name: string): PickleName | undefined {
  const full = `${module.replace(/^numpy\._core\./, "numpy.core.")}.${name}`;
  return Object.hasOwn(calls, full) ? new PickleName(full) : undefined;
}

/** What Python would get by calling `name`. */
export function call(name: PickleValue, args: PickleValue, fail: Fail): PickleValue {
  if (!(name instanceof PickleName) || !Array.isArray(args)) throw fail(`a call of ${describe(name)}`);
  return calls[name.name]!(args, fail);
}

/** What Python would do by `object.__setstate__(state)`. */
export function setState(object: PickleValue, state: PickleValue, fail: Fail): void {
  const values = Array.isArray(state) ? state : [];
  if (object instanceof NumpyArray) {
    const [, shape, type, columnsFirst, bytes] = values;
    fill(object, { bytes, type, shape, columnsFirst: columnsFirst === true || columnsFirst === 1 }, fail);
  } else if (object instanceof NumpyType) {
    object.littleEndian = textOf(values[1]) !== ">";
  } else throw fail(`a state of ${describe(object)}`);
}

interface Content {
  bytes: PickleValue | undefined;
  type: PickleValue | undefined;
  shape: PickleValue | undefined;
  /** Fortran's order. */
  columnsFirst: boolean;
}

function fill(array: NumpyArray, { bytes, type, shape, columnsFirst }: Content, fail: Fail): NumpyArray {
  if (!(type instanceof NumpyType)) throw fail(`an array of ${describe(type)}`);
  // Python 2 has strings for bytes, whatever is in them.
  if (!(bytes instanceof Uint8Array)) throw fail(`an array made of ${describe(bytes)}`);
  const sizes = Array.isArray(shape) ? shape : [];
  const dimensions = sizes.filter((n): n is number => Number.isInteger(n) && (n as number) >= 0);
  if (dimensions.length !== sizes.length || sizes.length === 0) throw fail(`an array of shape ${describe(shape)}`);
  if (columnsFirst && dimensions.length > 1)
    throw fail("an array with its columns first (save numpy.ascontiguousarray(data) instead)");
  const size = dimensions.reduce((product, n) => product * n, Number(type.code[1]));
  if (size !== bytes.length)
    throw fail(`an array [${dimensions.join(", ")}] of ${type.code} with ${bytes.length} bytes, not ${size},`);
  return Object.assign(array, { shape: dimensions, type, bytes });
}
