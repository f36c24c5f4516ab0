// The frame of TFRecord files: length (8 bytes), its checksum (4), the record, its checksum (4). Little endian.
// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details

import { isVitrineError } from "@vitrine/core";
import type { ByteReader } from "./byte-reader.ts";
import { maskedCrc32c } from "./crc32c.ts";

/** A record, and where its frame begins. */
export interface FramedRecord {
  offset: number;
  data: Uint8Array;
}

/** Bytes before the data of a record. */
export const frameHead = 12;
/** A record longer than this is a length that lies. */
export const longestRecord = 1 << 30;

/** Told where in the file something is wrong, and what. */
export type Complain = (offset: number, reason: string) => void;

/**
 * The records of a file in order. One with a wrong checksum is told and left out. After a length that cannot be true, reading goes on
 * at the next place that holds a length with its right checksum.
 */
export async function* readRecords(reader: ByteReader, complain: Complain): AsyncGenerator<FramedRecord> {
  for (;;) {
    const offset = reader.position;
    try {
      const head = await reader.read(frameHead);
      if (head.length === 0) return;
      if (head.length < frameHead) return complain(offset, `truncated: ${head.length} bytes of a record's head`);
      const length = lengthOf(head);
      if (length === undefined || length > longestRecord) {
        const why =
          length === undefined ? "wrong checksum of a record's length" : `a record of ${length} bytes is too long`;
        complain(offset, `${why}; looking for the next record`);
        reader.unread(head.subarray(1));
        if (await findFrame(reader)) continue;
        return;
      }
      const body = await reader.read(length + 4);
      if (body.length < length + 4)
        return complain(offset, `truncated: expected ${length + 4} bytes in a record, found ${body.length}`);
      const expected = new DataView(body.buffer, body.byteOffset).getUint32(length, true);
      const found = maskedCrc32c(body, 0, length);
      if (found === expected) yield { offset, data: body.subarray(0, length) };
      else complain(offset, `wrong checksum of a record: expected ${hex(expected)}, found ${hex(found)}`);
    } catch (error) {
      // A damaged gzip file ends where the damage is.
      if (!isVitrineError(error)) throw error;
      return complain(offset, error.message);
    }
  }
}

/** A record in its frame. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc32c(out, 0, 8), true);
  out.set(data, frameHead);
  view.setUint32(frameHead + data.length, maskedCrc32c(data), true);
  return out;
}

/** The length a head gives, or undefined where its checksum is wrong. */
function lengthOf(head: Uint8Array, at = 0): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset + at, frameHead);
  if (maskedCrc32c(head, at, at + 8) !== view.getUint32(8, true)) return undefined;
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** Moves to the next byte where a plausible head begins; false where there is none. */
async function findFrame(reader: ByteReader): Promise<boolean> {
  for (;;) {
    const window = await reader.read(1 << 16);
    if (window.length < frameHead) return false;
    for (let at = 0; at + frameHead <= window.length; at++) {
      // Lengths below 2^32 only: four zero bytes are checked sooner than a checksum.
      if (window[at + 4]! | window[at + 5]! | window[at + 6]! | window[at + 7]!) continue;
      const length = lengthOf(window, at);
      if (length === undefined || length > longestRecord) continue;
      reader.unread(window.subarray(at));
      return true;
    }
    reader.unread(window.subarray(window.length - frameHead + 1));
    if (window.length < 1 << 16) return false;
  }
}

const hex = (crc: number) => crc.toString(16).padStart(8, "0");
