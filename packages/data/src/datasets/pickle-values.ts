// What a pickle of data holds: plain values, and the arrays of NumPy.

export type PickleValue =
  | number
  | boolean
  | null
  | PickleText
  /** Strings of Python 2, bytes and byte arrays of Python 3; they lie in the file. */
  | Uint8Array
  /** Lists and tuples. */
  | PickleValue[]
  | Map<string, PickleValue>
  | NumpyArray
  | NumpyType
  | PickleName;

/** Longer texts are no keys and no names: nobody has to decode megabytes to look one up. */
const longestText = 256;

/**
 * Text as it lies in the file. It is decoded where it is asked for: Python 3 writes the bytes of an array as a text of
 * millions of letters.
 */
export class PickleText {
  readonly utf8: Uint8Array;
  #bytes: Uint8Array | undefined;

  constructor(utf8: Uint8Array) {
    this.utf8 = utf8;
  }

  /** The bytes that the text stands for, a letter each; undefined where a letter is none of Latin-1's. Made once. */
  latin1(): Uint8Array | undefined {
    this.#bytes ??= fromUtf8(this.utf8);
    return this.#bytes;
  }
}

/** A function or class of Python that a pickle may name; what stands here is never called. */
export class PickleName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Whole numbers: `u1`, `i8`. */
export class NumpyType {
  readonly code: string;
  littleEndian = true;

  constructor(code: string) {
    this.code = code;
  }
}

/** Empty until the instruction that fills it. The last dimension is contiguous. */
export class NumpyArray {
  shape: readonly number[] = [];
  type = new NumpyType("u1");
  bytes = new Uint8Array(0);
}

/** A string of Python 2 or 3 of at most 256 bytes, or undefined. */
export function textOf(value: PickleValue | undefined): string | undefined {
  const bytes = value instanceof PickleText ? value.utf8 : value;
  if (!(bytes instanceof Uint8Array) || bytes.length > longestText) return undefined;
  return new TextDecoder().decode(bytes);
}

/** `count` whole numbers of a list or of an array with one dimension, or undefined where there are none such. */
export function integersOf(value: PickleValue | undefined, count: number): number[] | undefined {
  if (value instanceof NumpyArray)
    return value.shape.length === 1 && value.shape[0] === count ? numbers(value) : undefined;
  if (!Array.isArray(value) || value.length !== count) return undefined;
  const whole = value.filter((n): n is number => Number.isInteger(n));
  return whole.length === count ? whole : undefined;
}

/** In words, for messages. */
export function describe(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof NumpyArray) return `an array [${value.shape.join(", ")}] of ${value.type.code}`;
  if (value instanceof PickleText || value instanceof Uint8Array) return "a string";
  if (value instanceof Map) return `a dictionary of ${value.size} entries`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof NumpyType) return `the type ${value.code}`;
  return value instanceof PickleName ? value.name : String(value);
}

function numbers({ shape, type, bytes }: NumpyArray): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = Number(type.code[1]);
  const signed = type.code.startsWith("i");
  return Array.from({ length: shape[0]! }, (_, i) => {
    const at = i * size;
    if (size === 1) return signed ? view.getInt8(at) : view.getUint8(at);
    if (size === 2) return signed ? view.getInt16(at, type.littleEndian) : view.getUint16(at, type.littleEndian);
    if (size === 4) return signed ? view.getInt32(at, type.littleEndian) : view.getUint32(at, type.littleEndian);
    return Number(signed ? view.getBigInt64(at, type.littleEndian) : view.getBigUint64(at, type.littleEndian));
  });
}

function fromUtf8(utf8: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(utf8.length);
  let length = 0;
  for (let i = 0; i < utf8.length; i++) {
    const first = utf8[i]!;
    if (first < 0x80) {
      bytes[length++] = first;
      continue;
    }
    const second = utf8[++i] ?? 0;
    // Letters from 0x80 to 0xff have two bytes: 110000xx 10xxxxxx.
    if ((first !== 0xc2 && first !== 0xc3) || (second & 0xc0) !== 0x80) return undefined;
    bytes[length++] = ((first & 3) << 6) | (second & 0x3f);
  }
  return bytes.subarray(0, length);
}
