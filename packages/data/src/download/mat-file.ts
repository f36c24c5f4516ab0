// Numbers of a MATLAB file, version 5 (Oxford's labels of flowers): full numeric arrays, packed or not. Little endian.
// https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf

import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { VitrineError } from "@vitrine/core";

const matrix = 14;
const compressed = 15;
/** Labels of a few thousand images. */
const largest = 2 ** 26;

const readers: Readonly<Record<number, { width: number; read(view: DataView, at: number): number }>> = {
  1: { width: 1, read: (view, at) => view.getInt8(at) },
  2: { width: 1, read: (view, at) => view.getUint8(at) },
  3: { width: 2, read: (view, at) => view.getInt16(at, true) },
  4: { width: 2, read: (view, at) => view.getUint16(at, true) },
  5: { width: 4, read: (view, at) => view.getInt32(at, true) },
  6: { width: 4, read: (view, at) => view.getUint32(at, true) },
  7: { width: 4, read: (view, at) => view.getFloat32(at, true) },
  9: { width: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { width: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  13: { width: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

interface Element {
  type: number;
  data: Uint8Array;
}

/** The arrays of a file by name. @throws VitrineError that names the file. */
export async function readMat(file: string, bytes: Uint8Array): Promise<Map<string, number[]>> {
  if (bytes.length < 128 || bytes[126] !== 0x49 || bytes[127] !== 0x4d)
    throw new VitrineError(file, `not a MATLAB file of version 5 (${bytes.length} bytes)`);
  const found = new Map<string, number[]>();
  for (const { type, data } of elements(file, bytes.subarray(128))) {
    const inner = type === compressed ? elements(file, await unpack(file, data)) : [{ type, data }];
    for (const one of inner) {
      if (one.type !== matrix) continue;
      const [, , name, values] = elements(file, one.data);
      if (name !== undefined && values !== undefined)
        found.set(new TextDecoder().decode(name.data), numbers(file, values));
    }
  }
  return found;
}

function elements(file: string, bytes: Uint8Array): Element[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Element[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const word = view.getUint32(at, true);
    // Up to four bytes lie in the tag itself.
    const short = word >>> 16;
    const type = word & 0xffff;
    const size = short > 0 ? short : view.getUint32(at + 4, true);
    const start = short > 0 ? at + 4 : at + 8;
    if (short > 4 || start + size > bytes.length)
      throw new VitrineError(file, "damaged MATLAB file: a field does not fit");
    found.push({ type, data: bytes.subarray(start, start + size) });
    at = short > 0 ? at + 8 : start + (type === compressed ? size : Math.ceil(size / 8) * 8);
  }
  return found;
}

function numbers(file: string, { type, data }: Element): number[] {
  const reader = readers[type];
  if (reader === undefined) throw new VitrineError(file, `a MATLAB array of type ${type}, which is not read`);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Array.from({ length: Math.floor(data.length / reader.width) }, (_, i) => reader.read(view, i * reader.width));
}

async function unpack(file: string, data: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(await promisify(inflate)(data, { maxOutputLength: largest }));
  } catch (error) {
    throw new VitrineError(file, `damaged MATLAB file: ${(error as Error).message}`, { cause: error });
  }
}
