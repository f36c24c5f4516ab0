// Images in shared memory: any worker puts them there, all see them. Nothing is ever moved or removed, so readers need
// no lock.

import type { RawImage } from "../raw-image.ts";
import type { PixelCache } from "./cache.ts";

export interface RamShare {
  kind: "ram";
  /** An entry a sample: state, place in units, width, height, channels. */
  table: SharedArrayBuffer;
  /** Where free memory begins, in units. */
  free: SharedArrayBuffer;
  /** Pieces of memory of one size. The system gives them out when they are written to. */
  pieces: SharedArrayBuffer[];
}

const fields = 5;
/** Places are counted in units of this many bytes, so that 32 bits reach 128 GB. */
const unit = 64;
const pieceBytes = 256 * 1024 * 1024;
const [empty, writing, ready] = [0, 1, 2];

/** Room for `samples` images that take `bytes` in all. */
export function createRamCache(samples: number, bytes: number): RamShare {
  const pieces: SharedArrayBuffer[] = [];
  for (let left = bytes; left > 0; left -= pieceBytes)
    pieces.push(new SharedArrayBuffer(Math.min(pieceBytes, Math.ceil(left / unit) * unit)));
  return {
    kind: "ram",
    table: new SharedArrayBuffer(samples * fields * 4),
    free: new SharedArrayBuffer(4),
    pieces,
  };
}

/** Bytes that one image takes. */
export const ramBytes = (image: number): number => Math.ceil(image / unit) * unit;

export class RamCache implements PixelCache {
  readonly #table: Int32Array;
  readonly #free: Int32Array;
  readonly #pieces: readonly Uint8Array[];

  constructor({ table, free, pieces }: RamShare) {
    this.#table = new Int32Array(table);
    this.#free = new Int32Array(free);
    this.#pieces = pieces.map((piece) => new Uint8Array(piece));
  }

  byIndex(index: number): RawImage | undefined {
    const at = index * fields;
    if (Atomics.load(this.#table, at) !== ready) return undefined;
    const [place, width, height, channels] = this.#table.subarray(at + 1, at + fields) as unknown as number[];
    const data = this.#view(place!, width! * height! * channels!);
    return { data, width: width!, height: height!, channels: channels! };
  }

  store(index: number, _key: string | undefined, { data, width, height, channels }: RawImage): void {
    const at = index * fields;
    // Another worker may be at the same sample (repeated augmentation): one of them stores it.
    if (Atomics.compareExchange(this.#table, at, empty, writing) !== empty) return;
    const place = this.#reserve(data.length);
    if (place === undefined) return;
    this.#view(place, data.length).set(data);
    this.#table.set([place, width, height, channels], at + 1);
    Atomics.store(this.#table, at, ready);
  }

  #reserve(bytes: number): number | undefined {
    const need = Math.ceil(bytes / unit);
    const perPiece = pieceBytes / unit;
    for (;;) {
      const begun = Atomics.load(this.#free, 0);
      let place = begun;
      let piece = Math.floor(place / perPiece);
      // No image lies in two pieces.
      if ((place % perPiece) + need > (this.#pieces[piece]?.length ?? 0) / unit) {
        piece++;
        place = piece * perPiece;
        if (need > (this.#pieces[piece]?.length ?? 0) / unit) return undefined;
      }
      if (Atomics.compareExchange(this.#free, 0, begun, place + need) === begun) return place;
    }
  }

  #view(place: number, bytes: number): Uint8Array {
    const perPiece = pieceBytes / unit;
    const start = (place % perPiece) * unit;
    return this.#pieces[Math.floor(place / perPiece)]!.subarray(start, start + bytes);
  }
}
