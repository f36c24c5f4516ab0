// Safetensors in memory: bytes to tensors and back. Files are in safetensors-file.ts, which reads tensor by tensor.

import { didYouMean, VitrineError } from "./errors.ts";
import {
  bytesOf,
  type Dtype,
  type DtypeArray,
  type TensorData,
  toFloat32,
  toNumbers,
  viewAs,
} from "./safetensors-dtype.ts";
import { buildHeader, headerLength, parseHeader, sniffBytes, type TensorInfo } from "./safetensors-header.ts";

export type { Dtype, DtypeArray, TensorData } from "./safetensors-dtype.ts";
export type { TensorInfo } from "./safetensors-header.ts";

/** What a checkpoint offers, whether it lies in memory (values at once) or in a file (promises). */
export interface Checkpoint<Wrap extends "sync" | "async" = "sync" | "async"> {
  /** Tensors by name, in the order of their bytes: dtype, shape, byte range. */
  readonly header: ReadonlyMap<string, TensorInfo>;
  /** The texts of `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A tensor's elements, in an array of their own. F16 and BF16 come as bits, I64 as BigInt64Array. */
  read(name: string): Result<Wrap, DtypeArray>;
  /** A tensor as float32. Integers that float32 cannot hold are an error. */
  readFloat32(name: string): Result<Wrap, Float32Array>;
  /** A tensor as JavaScript numbers. 64-bit integers beyond ±(2^53 - 1) are an error. */
  readNumbers(name: string): Result<Wrap, Float64Array>;
}

type Result<Wrap extends "sync" | "async", T> = Wrap extends "sync" ? T : Promise<T>;

/**
 * Reads a safetensors file that is in memory. `where` names it in errors.
 * Throws a VitrineError when the bytes are not exactly what the format promises.
 */
export function parseSafetensors(bytes: Uint8Array, where = "safetensors"): Checkpoint<"sync"> {
  const length = headerLength(where, bytes.subarray(0, sniffBytes), bytes.length);
  const dataStart = 8 + length;
  const { tensors, metadata } = parseHeader(where, bytes.subarray(8, dataStart), bytes.length - dataStart);
  const read = (name: string): DtypeArray => {
    requireLittleEndian(where);
    const info = find(where, tensors, name);
    const [start, end] = info.offsets;
    // A copy: aligned, and not tied to `bytes`. (Not `slice`, which for a Buffer is a view.)
    return viewAs(info.dtype, new Uint8Array(bytes.subarray(dataStart + start, dataStart + end)).buffer);
  };
  return {
    header: tensors,
    metadata,
    read,
    readFloat32: (name) => toFloat32(`${where}: ${name}`, find(where, tensors, name).dtype, read(name)),
    readNumbers: (name) => toNumbers(`${where}: ${name}`, find(where, tensors, name).dtype, read(name)),
  };
}

/** A tensor to be written. */
export interface TensorEntry<Data = TensorData> {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements in row-major order. See `TensorData` for what converts to which dtype. */
  readonly data: Data;
}

/** The bytes of a safetensors file. Same entries in any order, same bytes. */
export function encodeSafetensors(
  entries: Iterable<TensorEntry>,
  metadata?: Readonly<Record<string, string>>,
  where = "safetensors",
): Uint8Array {
  const { head, placed } = buildHeader(where, entries, metadata);
  const bytes = new Uint8Array(placed.reduce((sum, tensor) => sum + tensor.bytes, head.length));
  bytes.set(head);
  let position = head.length;
  for (const tensor of placed) {
    bytes.set(entryBytes(where, tensor.entry, tensor.entry.data, tensor.bytes), position);
    position += tensor.bytes;
  }
  return bytes;
}

/** The bytes of one tensor, checked against its shape. */
export function entryBytes(
  where: string,
  { name, dtype, shape }: TensorEntry<unknown>,
  data: TensorData,
  expected: number,
): Uint8Array {
  requireLittleEndian(where);
  const bytes = bytesOf(`${where}: ${name}`, dtype, data);
  if (bytes.length !== expected)
    throw new VitrineError(
      where,
      `tensor ${JSON.stringify(name)}: ${dtype} of shape [${shape}] takes ${expected} bytes, found ${bytes.length}`,
    );
  return bytes;
}

/** Looks a tensor up, with help when it is not there. */
export function find(where: string, tensors: ReadonlyMap<string, TensorInfo>, name: string): TensorInfo {
  const info = tensors.get(name);
  if (info === undefined)
    throw new VitrineError(
      where,
      `has no tensor ${JSON.stringify(name)}${didYouMean(name, tensors.keys())}; it holds ${tensors.size} tensors`,
      { usage: true },
    );
  return info;
}

/** Files are little-endian, and typed arrays are the machine's. */
export function requireLittleEndian(where: string): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1)
    throw new VitrineError(where, "safetensors files cannot be read or written on a big-endian machine");
}
