// IDX, the format of MNIST's files: a magic number, the sizes, the values; big endian. http://yann.lecun.com/exdb/mnist/

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { VitrineError } from "@vitrine/core";

export interface Idx {
  file: string;
  shape: number[];
  /** Bytes, or integers of 32 bits (QMNIST's labels). */
  data: Uint8Array | Int32Array;
}

const unsignedBytes = 0x08;
const integers = 0x0c;
/** A gzip file of a few megabytes may claim to hold far more. */
const longest = 2 ** 31;

/** An IDX file, plain or gzipped, of bytes with `rank` dimensions; labels may be integers in two. */
export async function readIdx(file: string, rank: number): Promise<Idx> {
  const stored = await readFile(file);
  const bytes = file.endsWith(".gz") ? await unzip(file, stored) : new Uint8Array(stored);
  const magic = bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const rows = rank === 1 && magic === integers * 256 + 2;
  const expected = unsignedBytes * 256 + rank;
  if (magic !== expected && !rows) {
    const found = magic === undefined ? `${bytes.length} bytes` : String(magic);
    throw new VitrineError(
      file,
      `not an IDX file of ${rank === 1 ? "labels" : "images"}: expected magic ${expected}, found ${found}`,
    );
  }
  const dimensions = rows ? 2 : rank;
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) throw truncated(file, header, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((product, n) => product * n, 1);
  const size = rows ? 4 * count : count;
  if (bytes.length < header + size) throw truncated(file, header + size, bytes.length, shape);
  const data = rows
    ? Int32Array.from({ length: count }, (_, i) => view.getInt32(header + 4 * i))
    : bytes.subarray(header, header + size);
  return { file, shape, data };
}

function truncated(file: string, expected: number, found: number, shape: readonly number[] = []): VitrineError {
  const of = shape.length > 0 ? ` for ${shape.join(" x ")}` : "";
  return new VitrineError(
    file,
    `truncated IDX file: expected ${expected} bytes${of}, found ${found}; download it again`,
  );
}

async function unzip(file: string, stored: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(await promisify(gunzip)(stored, { maxOutputLength: longest }));
  } catch (error) {
    throw new VitrineError(file, `damaged gzip file (${stored.length} bytes): ${(error as Error).message}`, {
      cause: error,
    });
  }
}
