// Tone curves: every value of a channel replaced through a table of 256. Alpha, the last of 2 or 4 channels, is kept.

import type { RawImage } from "../raw-image.ts";
import { hasAlpha } from "./alpha.ts";

/** Channels that hold colour: 1 of grey (with or without alpha), 3 of RGB and RGBA. */
export function colorChannels(channels: number): number {
  return channels % 2 === 0 ? channels - 1 : channels;
}

/** The same curve for every colour channel. `table`: 256 values. */
export function throughTable(image: RawImage, table: Uint8Array): RawImage {
  const { data, channels } = image;
  const out = new Uint8Array(data.length);
  const kept = channels === 4 ? 0xff000000 : 0;
  let done = 0;
  // Four bytes at a time take half the time; not where the bytes do not begin at a word, nor of grey with alpha.
  if (data.byteOffset % 4 === 0 && channels !== 2) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
    const target = new Uint32Array(out.buffer, 0, words.length);
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      const low = table[word & 255]! | (table[(word >>> 8) & 255]! << 8) | (table[(word >>> 16) & 255]! << 16);
      target[i] = low | (kept === 0 ? table[word >>> 24]! << 24 : word & kept);
    }
    done = words.length * 4;
  }
  for (let i = done; i < data.length; i++) {
    const alpha = hasAlpha(image) && i % channels === channels - 1;
    out[i] = alpha ? data[i]! : table[data[i]!]!;
  }
  return { ...image, data: out };
}

/** A curve of its own for each colour channel. `tables`: [channels, 256], flat. */
export function throughTables(image: RawImage, tables: Uint8Array): RawImage {
  const { data, channels } = image;
  const colors = colorChannels(channels);
  const out = new Uint8Array(data.length);
  if (colors === 1) {
    for (let i = 0; i < data.length; i += channels) out[i] = tables[data[i]!]!;
  } else {
    for (let i = 0; i < data.length; i += channels) {
      out[i] = tables[data[i]!]!;
      out[i + 1] = tables[256 | data[i + 1]!]!;
      out[i + 2] = tables[512 | data[i + 2]!]!;
    }
  }
  if (colors < channels) for (let i = colors; i < data.length; i += channels) out[i] = data[i]!;
  return { ...image, data: out };
}

/** A curve given by a function, cut to 0 … 255; fractions are dropped. */
export function curve(at: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.max(0, Math.min(255, Math.trunc(at(value)))));
}

/** How often each value occurs in each colour channel: [channels, 256], flat. */
export function histograms({ data, channels }: RawImage): Uint32Array {
  const colors = colorChannels(channels);
  const counts = new Uint32Array(colors * 256);
  for (let i = 0; i < data.length; i += channels) {
    counts[data[i]!]!++;
    if (colors === 1) continue;
    counts[256 | data[i + 1]!]!++;
    counts[512 | data[i + 2]!]!++;
  }
  return counts;
}
