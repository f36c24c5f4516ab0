// What WebAssembly's vectors give is what plain code gives. Pillow's bytes are in pixels.test.ts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RawImage, withChannelsFast, withChannelsPlainly } from "../raw-image.ts";
import { turnHueFast, turnHuePlainly } from "./color.ts";
import { flipFast, flipPlainly } from "./crop.ts";
import { enhanceColorFast, enhanceColorPlainly, enhanceSharpnessFast, enhanceSharpnessPlainly } from "./enhance.ts";
import { histogramsFast, histogramsPlainly, throughTablesFast, throughTablesPlainly } from "./lookup.ts";
import { grayscaleFast, grayscalePlainly } from "./tones.ts";

type Result = RawImage | Uint32Array;

interface Pair {
  /** The channels that it takes. */
  channels: readonly number[];
  least?: number;
  fast: (image: RawImage, number: number) => Result | undefined;
  plain: (image: RawImage, number: number) => Result;
}

const any = [1, 2, 3, 4];
const colors = [3, 4];
const pairs: Record<string, Pair> = {
  "one table": {
    channels: any,
    fast: (image, number) => throughTablesFast(image, tables(1, number)),
    plain: (image, number) => throughTablesPlainly(image, tables(1, number)),
  },
  "a table for each colour": {
    channels: colors,
    fast: (image, number) => throughTablesFast(image, tables(3, number)),
    plain: (image, number) => throughTablesPlainly(image, tables(3, number)),
  },
  histograms: { channels: any, fast: histogramsFast, plain: histogramsPlainly },
  grayscale: { channels: colors, fast: grayscaleFast, plain: grayscalePlainly },
  color: { channels: colors, fast: enhanceColorFast, plain: enhanceColorPlainly },
  sharpness: { channels: any, least: 3, fast: enhanceSharpnessFast, plain: enhanceSharpnessPlainly },
  hue: {
    channels: colors,
    fast: (image, number) => turnHueFast(image, whole(number) & 255),
    plain: (image, number) => turnHuePlainly(image, whole(number) & 255),
  },
  flip: { channels: any, fast: flipFast, plain: flipPlainly },
  "to one channel": {
    channels: colors,
    fast: (image) => withChannelsFast(image, 1),
    plain: (image) => withChannelsPlainly(image, 1),
  },
  "to three channels": {
    channels: [1, 4],
    fast: (image) => withChannelsFast(image, 3),
    plain: (image) => withChannelsPlainly(image, 3),
  },
};

function noise(width: number, height: number, channels: number, seed: number, levels = 256): RawImage {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0, x = seed; i < data.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    data[i] = Math.floor((x / 2 ** 32) * levels) * Math.floor(255 / (levels - 1));
  }
  return { data, width, height, channels };
}

function tables(count: number, number: number): Uint8Array {
  return noise(256, 1, count, whole(number)).data;
}

function whole(number: number): number {
  return Math.trunc(number * 997) | 0;
}

describe.each(Object.entries(pairs))("%s", (_, { channels, least = 1, fast, plain }) => {
  test("WebAssembly and plain code give the same", () => {
    const edge = fc.integer({ min: least, max: 45 });
    const factor = fc.oneof(fc.constantFrom(0, 1, 2, -1), fc.double({ min: -4, max: 4 }), fc.double({ noNaN: true }));
    const levels = fc.constantFrom(2, 4, 256); // few levels: black, white and greys
    fc.assert(
      fc.property(
        fc.record({ size: fc.tuple(edge, edge), channel: fc.constantFrom(...channels), seed: fc.nat(2 ** 31), levels }),
        factor,
        ({ size: [width, height], channel, seed, levels }, number) => {
          const image = noise(width, height, channel, seed, levels);
          const before = image.data.slice();
          // What an image before has left in memory is not seen.
          fast(noise(50, 50, channel, seed + 1), number);
          expectSame(fast(image, number), plain(image, number));
          expect(Buffer.compare(image.data, before)).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});

test("hue: the same bytes all over the cube of colours", () => {
  // Every fifth level, and those next to the ends: 53 x 53 x 53 colours.
  const levels = [...Array.from({ length: 51 }, (_, i) => 5 * i), 254, 255];
  const data = new Uint8Array(levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b]))));
  const image = { data, width: 53 * 53, height: 53, channels: 3 };
  for (const turn of [0, 1, 42, 128, 213]) expectSame(turnHueFast(image, turn), turnHuePlainly(image, turn));
});

test("sharpness: every sum of a window is divided with PIL's rounding", () => {
  for (let sum = 0; sum <= 13 * 255; sum++) {
    // 3 x 3 pixels, the middle of which counts five times.
    const middle = Math.min(255, Math.floor(sum / 5));
    const rest = sum - 5 * middle;
    const around = Array.from({ length: 8 }, (_, i) => Math.max(0, Math.min(255, rest - 255 * i)));
    const data = Uint8Array.from([...around.slice(0, 4), middle, ...around.slice(4)]);
    const smooth = enhanceSharpnessFast({ data, width: 3, height: 3, channels: 1 }, 0)!.data[4];
    if (smooth !== Math.floor((2 * sum + 13) / 26)) expect([sum, smooth]).toEqual([]);
  }
});

function expectSame(found: Result | undefined, expected: Result): void {
  if (expected instanceof Uint32Array || found instanceof Uint32Array || found === undefined) {
    expect(found).toEqual(expected);
    return;
  }
  const { data, ...shape } = found;
  expect(shape).toEqual({ width: expected.width, height: expected.height, channels: expected.channels });
  expect(Buffer.compare(data, expected.data)).toBe(0);
}
