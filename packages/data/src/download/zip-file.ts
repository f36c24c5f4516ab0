// Zip archives by their directory at the end: entries stored or deflated, Zip64, checksums checked. No encryption, no parts.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { createInflateRaw } from "node:zlib";
import { VitrineError } from "@vitrine/core";
import { openFile } from "../shards/byte-reader.ts";

export interface ZipEntry {
  /** As it stands in the file: not to be trusted as a path. */
  name: string;
  kind: "file" | "folder" | "link" | "other";
  /** Unpacked. */
  size: number;
  pieces(): AsyncGenerator<Uint8Array>;
}

interface Directory {
  offset: number;
  size: number;
}

const largestDirectory = 2 ** 30;
const unixLink = 0o120000;
const unixTypes = 0o170000;

/** The entries in the order of the directory. @throws VitrineError for what is damaged or not supported. */
export async function* readZip(archive: string): AsyncGenerator<ZipEntry> {
  const handle = await openFile(archive);
  try {
    const { size } = await handle.stat();
    const directory = await findDirectory(archive, handle, size);
    const bytes = await readAt(archive, handle, directory.offset, directory.size);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50; ) {
      const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number];
      const [nameLength, extraLength, commentLength] = lengths;
      const end = at + 46 + nameLength + extraLength + commentLength;
      if (end > bytes.length) throw damaged(archive, "its directory is cut off");
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
      const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
      yield entryOf(archive, handle, view, at, name, extra);
      at = end;
    }
  } finally {
    await handle.close();
  }
}

function entryOf(
  archive: string,
  handle: FileHandle,
  view: DataView,
  at: number,
  name: string,
  extra: Uint8Array,
): ZipEntry {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const crc = view.getUint32(at + 16, true);
  const [packed, size, offset] = wideFields(
    [view.getUint32(at + 20, true), view.getUint32(at + 24, true), view.getUint32(at + 42, true)],
    extra,
  );
  const mode = view.getUint32(at + 38, true) >>> 16;
  const isUnix = view.getUint8(at + 5) === 3;
  const kind = isUnix && (mode & unixTypes) === unixLink ? "link" : name.endsWith("/") ? "folder" : "file";
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (flags & 1) throw new VitrineError(archive, `${name} is encrypted; unpack the archive by hand`);
    if (method !== 0 && method !== 8)
      throw new VitrineError(
        archive,
        `${name} is packed by method ${method}, which is not read; unpack the archive by hand`,
      );
    const head = await readAt(archive, handle, offset!, 30);
    const local = new DataView(head.buffer);
    if (local.getUint32(0, true) !== 0x04034b50) throw damaged(archive, `no entry where ${name} should be`);
    const start = offset! + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    if (packed === 0 && size === 0) return;
    const stored = createReadStream(archive, { start, end: start + packed! - 1, highWaterMark: 1 << 20 });
    const source = method === 0 ? stored : stored.pipe(createInflateRaw());
    stored.on("error", (error) => source.destroy(error));
    let found = 0;
    let sum = -1;
    try {
      for await (const chunk of source) {
        const piece = chunk as Uint8Array;
        found += piece.length;
        if (found > size!) throw damaged(archive, `${name} is longer than its directory says`);
        sum = crc32(piece, sum);
        yield piece;
      }
    } catch (error) {
      if (error instanceof VitrineError) throw error;
      throw damaged(archive, `${name}: ${(error as Error).message}`);
    } finally {
      stored.destroy();
      source.destroy();
    }
    if (found !== size) throw damaged(archive, `${name} has ${found} of ${size} bytes`);
    if (~sum >>> 0 !== crc) throw damaged(archive, `wrong checksum of ${name}`);
  }
  return { name, kind, size: size!, pieces };
}

/** Fields of 0xffffffff stand in the extra field 1, eight bytes each, in their order. */
function wideFields(fields: readonly number[], extra: Uint8Array): number[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      let next = at + 4;
      return fields.map((field) => {
        if (field !== 0xffffffff || next + 8 > extra.length) return field;
        next += 8;
        return Number(view.getBigUint64(next - 8, true));
      });
    }
    at += 4 + length;
  }
  return [...fields];
}

async function findDirectory(archive: string, handle: FileHandle, size: number): Promise<Directory> {
  // The last record has 22 bytes and a comment of up to 65,535.
  const length = Math.min(size, 22 + 65_535 + 20);
  const tail = await readAt(archive, handle, size - length, length);
  const view = new DataView(tail.buffer);
  let at = length - 22;
  while (at >= 0 && view.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw damaged(archive, "it has no directory at its end: not a zip file, or cut off");
  let directory: Directory = { size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
  if (at >= 20 && view.getUint32(at - 20, true) === 0x07064b50) {
    const wide = await readAt(archive, handle, Number(view.getBigUint64(at - 12, true)), 56);
    const fields = new DataView(wide.buffer);
    if (fields.getUint32(0, true) !== 0x06064b50)
      throw damaged(archive, "its Zip64 directory is not where it should be");
    directory = { size: Number(fields.getBigUint64(40, true)), offset: Number(fields.getBigUint64(48, true)) };
  }
  if (directory.offset + directory.size > size || directory.size > largestDirectory)
    throw damaged(archive, `a directory of ${directory.size} bytes at ${directory.offset} does not fit`);
  return directory;
}

async function readAt(
  archive: string,
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  if (bytesRead < length) throw damaged(archive, `expected ${length} bytes at ${offset}, found ${bytesRead}`);
  return bytes;
}

function damaged(archive: string, why: string): VitrineError {
  return new VitrineError(archive, `damaged zip file: ${why}; download it again`);
}

let table: Int32Array | undefined;

/** CRC-32 (zip's), continued from `crc`; begins with -1 and is turned around at the end. */
function crc32(bytes: Uint8Array, crc: number): number {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return crc;
}
