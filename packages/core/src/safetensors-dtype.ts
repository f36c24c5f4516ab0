// Element types of safetensors files: their sizes, the typed arrays that hold them, and conversions that say so when a
// number does not survive. F16 and BF16 have no typed array in JavaScript: they are read and written as their bits.

import { VitrineError } from "./errors.ts";

// In the order in which the reference implementation lays tensors out in a file: by falling alignment.
const arrays = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** An element type, by its name in the file. */
export type Dtype = keyof typeof arrays;

/** The typed array that holds the elements of `D`: raw bits for F16 and BF16, 0 and 1 for BOOL. */
export type DtypeArray<D extends Dtype = Dtype> = InstanceType<(typeof arrays)[D]>;

/** All element types, in the order in which a file holds them. */
export const dtypes = Object.keys(arrays) as readonly Dtype[];

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(arrays, name);
}

/** Bytes of one element. */
export function dtypeSize(dtype: Dtype): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** Views `buffer`, which must be aligned to the element (a buffer of its own always is). */
export function viewAs<D extends Dtype>(dtype: D, buffer: ArrayBuffer): DtypeArray<D> {
  return new arrays[dtype](buffer) as DtypeArray<D>;
}

/** What can be written: the typed array of the element type, or one that converts to it. */
export type TensorData = DtypeArray | Uint8ClampedArray;

/**
 * `data` as bytes of `dtype`. Its own typed array passes as it is. F16 and BF16 also take a Float32Array (rounded to the
 * nearest), BOOL any bytes, I64 an Int32Array. Anything else is refused: it would change numbers silently.
 */
export function bytesOf(where: string, dtype: Dtype, data: TensorData): Uint8Array {
  const raw = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (data instanceof Float32Array && (dtype === "F16" || dtype === "BF16")) {
    const encode = dtype === "F16" ? encodeFloat16 : encodeBfloat16;
    return raw(encode(data));
  }
  if (data instanceof Int32Array && dtype === "I64") return raw(BigInt64Array.from(data, BigInt));
  if (data instanceof Uint8ClampedArray && dtype === "U8") return raw(data);
  if (data instanceof arrays[dtype]) return raw(data);
  throw new VitrineError(
    where,
    `expected ${arrays[dtype].name} for dtype ${dtype}, found ${data?.constructor?.name ?? typeof data}`,
    { usage: true },
  );
}

/** Elements as float32. F64 is rounded to nearest; an integer that float32 cannot hold is an error. */
export function toFloat32(where: string, dtype: Dtype, data: DtypeArray): Float32Array {
  switch (dtype) {
    case "F32":
      return data as Float32Array;
    case "F16":
      return decodeFloat16(data as Uint16Array);
    case "BF16":
      return decodeBfloat16(data as Uint16Array);
    case "F64":
      return Float32Array.from(data as Float64Array);
    default: {
      const numbers = toNumbers(where, dtype, data);
      const floats = Float32Array.from(numbers);
      const lost = floats.findIndex((value, i) => value !== numbers[i]);
      if (lost >= 0)
        throw new VitrineError(
          where,
          `element ${lost} is ${numbers[lost]}, which float32 cannot hold; read it as numbers`,
        );
      return floats;
    }
  }
}

/** Elements as JavaScript numbers. A 64-bit integer beyond ±(2^53 - 1) is an error. */
export function toNumbers(where: string, dtype: Dtype, data: DtypeArray): Float64Array {
  if (dtype === "F16" || dtype === "BF16") return Float64Array.from(toFloat32(where, dtype, data));
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return Float64Array.from(data);
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (!Number.isSafeInteger(value))
      throw new VitrineError(
        where,
        `element ${i} is ${data[i]}, which a number cannot hold exactly; read the raw values`,
      );
    numbers[i] = value;
  }
  return numbers;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** BF16 is the upper half of a float32. */
function decodeBfloat16(data: Uint16Array): Float32Array {
  const out = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = data[i]! << 16;
  return new Float32Array(out.buffer);
}

function encodeBfloat16(data: Float32Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    float[0] = data[i]!;
    const x = bits[0]!;
    // Rounding up could carry a NaN with a small payload into infinity.
    out[i] = Number.isNaN(data[i]) ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function decodeFloat16(data: Uint16Array): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const half = data[i]!;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1024 + fraction) * 2 ** (exponent - 25);
    out[i] = half & 0x8000 ? -magnitude : magnitude;
  }
  return out;
}

function encodeFloat16(data: Float32Array): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    float[0] = data[i]!;
    const x = bits[0]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000)
      half = 0x7e00; // NaN
    else if (magnitude >= 0x477ff000)
      half = 0x7c00; // rounds beyond the largest, 65504
    else if (magnitude >= 0x38800000)
      // Rebias the exponent from 127 to 15, then round half to even.
      half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    else {
      // Subnormal: a count of 2^-24. Below 2^24 a number's half-way cases are exact, so plain arithmetic rounds rightly.
      const count = Math.abs(data[i]!) * 2 ** 24;
      const floor = Math.floor(count);
      half = floor + Number(count - floor > 0.5 || (count - floor === 0.5 && (floor & 1) === 1));
    }
    out[i] = sign | half;
  }
  return out;
}
