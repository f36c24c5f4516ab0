// Tone curves: every value of a channel replaced through a table of 256. Alpha, the last of 2 or 4 channels, is kept.

import type { RawImage } from "../raw-image.ts";

/** Channels that hold colour: 1 of grey (with or without alpha), 3 of RGB and RGBA. */
export function colorChannels(channels: number): number {
  return channels % 2 === 0 ? channels - 1 : channels;
}

/** The same curve for every colour channel. `table`: 256 values. */
export function throughTable(image: RawImage, table: Uint8Array): RawImage {
  const { data, channels } = image;
  const colors = colorChannels(channels);
  const out = new Uint8Array(data.length);
  if (colors === channels) {
    for (let i = 0; i < data.length; i++) out[i] = table[data[i]!]!;
  } else {
    for (let i = 0; i < data.length; i += channels) {
      for (let c = i; c < i + colors; c++) out[c] = table[data[c]!]!;
      out[i + colors] = data[i + colors]!;
    }
  }
  return { ...image, data: out };
}

/** A curve of its own for each colour channel. `tables`: [channels, 256], flat. */
export function throughTables(image: RawImage, tables: Uint8Array): RawImage {
  const { data, channels } = image;
  const colors = colorChannels(channels);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < colors; c++) out[i + c] = tables[(c << 8) | data[i + c]!]!;
    if (colors < channels) out[i + colors] = data[i + colors]!;
  }
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
    for (let c = 0; c < colors; c++) {
      const at = (c << 8) | data[i + c]!;
      counts[at] = counts[at]! + 1;
    }
  }
  return counts;
}
