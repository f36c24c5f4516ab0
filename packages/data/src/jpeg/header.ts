// The segments ahead of the coded data of a JPEG (ITU-T T.81, annex B; JFIF; Exif), as far as decode.ts needs them.

import type { HuffmanTable } from "./huffman.ts";

export interface JpegComponent {
  /** Blocks in a unit. */
  across: number;
  down: number;
  /** 64 divisors in zigzag order. */
  divisors: Uint8Array;
  dc: HuffmanTable;
  ac: HuffmanTable;
}

export interface JpegHeader {
  width: number;
  height: number;
  /** One for grey; or luminance and two differences of colour. */
  components: readonly JpegComponent[];
  /** Units between two restart markers; 0 for none. */
  restartInterval: number;
  /** Exif's: 1 is upright. */
  orientation: number;
  /** Where the coded data begin. */
  scan: number;
}

interface Frame {
  width: number;
  height: number;
  components: { id: number; across: number; down: number; divisors: number }[];
}

/**
 * The header of a baseline JPEG of 8 bits, grey or YCbCr, with all of its components in one scan; undefined for all
 * others, sound or not.
 */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const divisors = new Map<number, Uint8Array>();
  const tables = new Map<number, HuffmanTable>();
  let frame: Frame | undefined;
  let restartInterval = 0;
  let orientation: number | undefined;
  let jfif = false;
  let transform: number | undefined;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2 || body.length !== length - 2) return undefined;
    at += 2 + length;
    switch (marker) {
      case 0xc0: // Baseline, or the same with more tables.
      case 0xc1:
        if (frame !== undefined) return undefined;
        frame = readFrame(body);
        if (frame === undefined) return undefined;
        break;
      case 0xc4:
        if (!readHuffman(body, tables)) return undefined;
        break;
      case 0xdb:
        if (!readDivisors(body, divisors)) return undefined;
        break;
      case 0xdd:
        if (body.length !== 2) return undefined;
        restartInterval = (body[0]! << 8) | body[1]!;
        break;
      case 0xe0:
        jfif ||= startsWith(body, "JFIF\0") && body.length >= 14;
        break;
      case 0xe1:
        // Two blocks are as good as none that makes sense.
        if (startsWith(body, "Exif")) orientation = orientation === undefined ? exifOrientation(body) : 0;
        break;
      case 0xee:
        if (startsWith(body, "Adobe") && body.length >= 12) transform = body[11];
        break;
      case 0xda: {
        if (frame === undefined || !isYcc(frame, jfif, transform)) return undefined;
        const components = readScan(body, frame, divisors, tables);
        if (components === undefined) return undefined;
        const { width, height } = frame;
        return { width, height, components, restartInterval, orientation: orientation ?? 1, scan: at };
      }
      default:
        // Other segments (APPn, COM) say nothing about pixels; other frames and markers without a length are not ours.
        if (!((marker >= 0xe0 && marker <= 0xef) || marker === 0xfe)) return undefined;
    }
  }
  return undefined;
}

function readFrame(body: Uint8Array): Frame | undefined {
  const [precision, ...rest] = body;
  const [h1, h0, w1, w0, count] = rest as [number, number, number, number, number];
  if (precision !== 8 || (count !== 1 && count !== 3) || body.length !== 6 + 3 * count) return undefined;
  const [height, width] = [(h1 << 8) | h0, (w1 << 8) | w0];
  // No height: it comes behind the scan.
  if (height === 0 || width === 0) return undefined;
  const components = Array.from({ length: count }, (_, c) => {
    const [id, sampling, table] = body.subarray(6 + 3 * c) as unknown as [number, number, number];
    return { id, across: sampling >> 4, down: sampling & 15, divisors: table };
  });
  if (components.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) return undefined;
  // A scan of one component is made of single blocks, whatever its sampling.
  if (count === 1) [components[0]!.across, components[0]!.down] = [1, 1];
  return { width, height, components };
}

/** Not for files that hold red, green and blue. The rules, and their order, are those of libjpeg. */
function isYcc({ components }: Frame, jfif: boolean, transform: number | undefined): boolean {
  if (components.length === 1 || jfif) return true;
  if (transform !== undefined) return transform === 1;
  return String.fromCharCode(...components.map(({ id }) => id)) !== "RGB";
}

function readDivisors(body: Uint8Array, divisors: Map<number, Uint8Array>): boolean {
  let at = 0;
  for (; at < body.length; at += 65) {
    // The upper half says 0 for tables of 8 bits.
    if (body[at]! > 3 || at + 65 > body.length) return false;
    divisors.set(body[at]!, body.subarray(at + 1, at + 65));
  }
  return true;
}

function readHuffman(body: Uint8Array, tables: Map<number, HuffmanTable>): boolean {
  let at = 0;
  while (at < body.length) {
    const name = body[at]!;
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = body.subarray(at + 17, at + 17 + total);
    if ((name & 0xef) > 3 || counts.length !== 16 || symbols.length !== total || total > 256) return false;
    tables.set(name, { counts, symbols });
    at += 17 + total;
  }
  return true;
}

function readScan(
  body: Uint8Array,
  { components }: Frame,
  divisors: Map<number, Uint8Array>,
  tables: Map<number, HuffmanTable>,
): JpegComponent[] | undefined {
  const count = components.length;
  const complete = body[0] === count && body.length === 1 + 2 * count + 3;
  if (!complete || body[1 + 2 * count] !== 0 || body[2 + 2 * count] !== 63 || body[3 + 2 * count] !== 0)
    return undefined;
  const found: JpegComponent[] = [];
  for (const [c, { id, across, down, divisors: table }] of components.entries()) {
    if (body[1 + 2 * c] !== id) return undefined;
    const names = body[2 + 2 * c]!;
    const dc = tables.get(names >> 4);
    const ac = tables.get(0x10 | (names & 15));
    const divisor = divisors.get(table);
    if (dc === undefined || ac === undefined || divisor === undefined) return undefined;
    found.push({ across, down, divisors: divisor, dc, ac });
  }
  return found;
}

/** Tag 0x112 of the first directory; 1 where there is none, 0 where the block makes no sense. */
function exifOrientation(body: Uint8Array): number {
  const tiff = body.subarray(6);
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (!startsWith(body, "Exif\0\0") || tiff.length < 8) return 0;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 0;
  const little = order === 0x4949;
  if (view.getUint16(2, little) !== 42) return 0;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 0;
  const entries = view.getUint16(directory, little);
  if (directory + 2 + 12 * entries > tiff.length) return 0;
  for (let at = directory + 2; at < directory + 2 + 12 * entries; at += 12) {
    if (view.getUint16(at, little) !== 0x112) continue;
    const short = view.getUint16(at + 2, little) === 3 && view.getUint32(at + 4, little) === 1;
    return short ? view.getUint16(at + 8, little) : 0;
  }
  return 1;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
