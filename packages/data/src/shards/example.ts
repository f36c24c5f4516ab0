// tf.train.Example, the message in a TFRecord: named lists of bytes, floats or integers. Read and written field by field.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/example/feature.proto

import { VitrineError } from "@vitrine/core";

/** One feature of an example. */
export interface Feature {
  /** Byte strings, as they lie in the message. */
  bytes: Uint8Array[];
  ints: number[];
}

/** Features by name. Floats are passed over: no image or label is one. @throws VitrineError for what is no example. */
export function parseExample(message: Uint8Array): Map<string, Feature> {
  const features = new Map<string, Feature>();
  for (const list of fields(message, 1))
    for (const entry of fields(list, 1)) {
      const [key] = fields(entry, 1);
      const feature: Feature = { bytes: [], ints: [] };
      for (const value of fields(entry, 2)) {
        for (const bytesList of fields(value, 1)) feature.bytes.push(...fields(bytesList, 1));
        for (const intList of fields(value, 3)) readInts(intList, feature.ints);
      }
      if (key !== undefined) features.set(new TextDecoder().decode(key), feature);
    }
  return features;
}

/** An example of byte strings, texts and integers. */
export function encodeExample(features: Readonly<Record<string, Uint8Array | string | number>>): Uint8Array {
  const entries = Object.entries(features).map(([key, value]) => {
    const list =
      typeof value === "number"
        ? field(3, field(1, varint(value)))
        : field(1, field(1, typeof value === "string" ? new TextEncoder().encode(value) : value));
    return field(1, concat([field(1, new TextEncoder().encode(key)), field(2, list)]));
  });
  return field(1, concat(entries));
}

/** The contents of all fields with `number` that have a length. */
function fields(message: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  walk(message, (tag, content) => {
    if (tag === number && content instanceof Uint8Array) found.push(content);
  });
  return found;
}

/** Int64List: packed as protobuf 3 writes it, or one tag each. */
function readInts(list: Uint8Array, into: number[]): void {
  walk(list, (tag, content) => {
    if (tag !== 1) return;
    if (typeof content === "number") into.push(content);
    else for (let at = 0; at < content.length; ) into.push(readVarint(content, at, (next) => (at = next)));
  });
}

function walk(message: Uint8Array, visit: (tag: number, content: Uint8Array | number) => void): void {
  let at = 0;
  const move = (next: number) => {
    at = next;
  };
  while (at < message.length) {
    const key = readVarint(message, at, move);
    const wire = key & 7;
    const tag = Math.floor(key / 8);
    if (wire === 0) visit(tag, readVarint(message, at, move));
    else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else if (wire === 2) {
      const length = readVarint(message, at, move);
      if (!(length >= 0 && length <= message.length - at)) throw damaged(`a field of ${length} bytes does not fit`);
      visit(tag, message.subarray(at, at + length));
      at += length;
    } else throw damaged(`wire type ${wire} is unknown`);
  }
  if (at > message.length) throw damaged("it ends within a field");
}

function readVarint(bytes: Uint8Array, at: number, move: (next: number) => void): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw damaged("it ends within a number");
    const bits = byte & 127;
    // 28 bits of the lower and 36 of the upper part, so that nothing is lost below 2^53.
    if (i < 4) low += bits * 2 ** (7 * i);
    else high += bits * 2 ** (7 * (i - 4));
    if (byte < 128) {
      move(at + i + 1);
      const value = low + high * 2 ** 28;
      // Negative numbers are written as their two's complement in 64 bits.
      return value >= 2 ** 63 ? -Number(2n ** 64n - (BigInt(low) + BigInt(high) * 2n ** 28n)) : value;
    }
  }
  throw damaged("a number is too long");
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 127n; left >>= 7n) out.push(Number(left & 127n) | 128);
  out.push(Number(left));
  return Uint8Array.from(out);
}

function field(tag: number, content: Uint8Array): Uint8Array {
  return concat([varint(tag * 8 + 2), varint(content.length), content]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function damaged(why: string): VitrineError {
  return new VitrineError("tf.train.Example", `damaged message: ${why}`);
}
