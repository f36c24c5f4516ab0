// Tar files from beginning to end: POSIX ustar, pax headers and GNU's long names.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html

import { isVitrineError } from "@vitrine/core";
import type { ByteReader } from "./byte-reader.ts";
import type { Complain } from "./tfrecord-file.ts";

const block = 512;
/** Long names and pax headers are texts. */
const longestHeader = 1 << 20;

/** One entry. Its bytes must be read before the next entry is asked for; what is not read is passed over. */
export interface TarEntry {
  /** As it stands in the file: not to be trusted as a path. */
  name: string;
  kind: "file" | "folder" | "link" | "other";
  size: number;
  /** Where its header begins. */
  offset: number;
  /** Where its bytes begin. */
  start: number;
  /** All bytes, or undefined where the file ends before. */
  read(): Promise<Uint8Array | undefined>;
  /** The next bytes, at most `length`; empty at the end. */
  next(length: number): Promise<Uint8Array>;
}

/**
 * The entries in order. After a damaged header reading goes on at the next block that is a header. What is damaged or cut off is told,
 * with the byte where it lies.
 */
export async function* readTar(reader: ByteReader, complain: Complain): AsyncGenerator<TarEntry> {
  let lost = false;
  let longName: string | undefined;
  let pax = new Map<string, string>();
  let any = false;
  for (;;) {
    const offset = reader.position;
    try {
      const header = await reader.read(block);
      if (header.length === 0) {
        if (!any) complain(offset, "the file is empty");
        return;
      }
      any = true;
      if (header.length < block) return complain(offset, `truncated: ${header.length} bytes of a header`);
      if (header.every((byte) => byte === 0)) continue;
      if (!checksumIsRight(header)) {
        if (!lost) complain(offset, "not a tar header (wrong checksum); looking for the next one");
        lost = true;
        continue;
      }
      lost = false;
      const type = String.fromCharCode(header[156]!);
      const size = type === "x" || type === "g" ? number(header, 124, 12) : sizeOf(header, pax);
      const end = reader.size === undefined ? Number.POSITIVE_INFINITY : reader.size - reader.position;
      if (!(size >= 0) || size > Number.MAX_SAFE_INTEGER) return complain(offset, `an entry of ${size} bytes`);
      if (size > end) {
        const name = longName ?? pax.get("path") ?? nameOf(header);
        return complain(offset, `truncated: "${shorten(name)}" has ${size} bytes, ${end} are left in the file`);
      }
      if ("xgLK".includes(type)) {
        if (size > longestHeader) return complain(offset, `a header of ${size} bytes`);
        const text = await reader.read(size);
        if (text.length < size) return complain(offset, `truncated: ${text.length} of ${size} bytes of a header`);
        await reader.skip(padding(size));
        if (type === "L") longName = cString(text);
        else if (type === "x") pax = parsePax(text);
        continue;
      }
      const start = reader.position;
      let cut = false;
      const next = async (length: number) => {
        const left = start + size - reader.position;
        const bytes = await reader.read(Math.min(length, left));
        if (bytes.length < Math.min(length, left)) cut = true;
        return bytes;
      };
      yield {
        name: longName ?? pax.get("path") ?? nameOf(header),
        kind: kinds[type] ?? "other",
        size,
        offset,
        start,
        next,
        async read() {
          const bytes = await next(size);
          return bytes.length === size ? bytes : undefined;
        },
      };
      longName = undefined;
      pax = new Map();
      const left = start + size + padding(size) - reader.position;
      // The last padding may be missing.
      const passed = await reader.skip(left);
      if (cut || passed < left - padding(size)) return complain(offset, `truncated within an entry of ${size} bytes`);
    } catch (error) {
      if (!isVitrineError(error)) throw error;
      return complain(offset, error.message);
    }
  }
}

/** Header of a file with mode 644, as every machine writes it: no owner, no time. */
export function tarHeader(name: string, size: number): Uint8Array {
  const header = new Uint8Array(block);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\x0000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Bytes that fill the last block. */
export function padding(size: number): number {
  return (block - (size % block)) % block;
}

const kinds: Readonly<Record<string, TarEntry["kind"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "5": "folder",
  "1": "link",
  "2": "link",
};

/** The sum of all bytes, with those of the checksum itself counted as spaces. */
function checksumIsRight(header: Uint8Array): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i]!;
  return sum === number(header, 148, 8);
}

function sizeOf(header: Uint8Array, pax: ReadonlyMap<string, string>): number {
  const given = pax.get("size");
  return given === undefined ? number(header, 124, 12) : /^\d+$/.test(given) ? Number(given) : -1;
}

/** Octal digits, or GNU's base 256 for what is larger. */
function number(header: Uint8Array, at: number, length: number): number {
  if (header[at]! & 0x80) {
    let value = header[at]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + header[at + i]!;
    return value;
  }
  const digits = cString(header.subarray(at, at + length)).trim();
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function nameOf(header: Uint8Array): string {
  const name = cString(header.subarray(0, 100));
  const posix = cString(header.subarray(257, 263)) === "ustar" && header[262] === 0;
  const prefix = posix ? cString(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** "25 path=photos/1.jpg\n", again and again; the number counts the whole line. */
function parsePax(text: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const line = /^(\d+) ([^=]+)=/.exec(cString(text.subarray(at, at + 200)));
    const length = Number(line?.[1]);
    if (line === null || !(length > line[0].length) || at + length > text.length) break;
    found.set(line[2]!, new TextDecoder().decode(text.subarray(at + line[0].length, at + length - 1)));
    at += length;
  }
  return found;
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function shorten(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}
