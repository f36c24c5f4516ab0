// Files that are damaged, cut off or made to harm. What the decoder accepts must be what sharp reads; all else is left
// to sharp, and nothing but `Undecodable` is thrown.

import { isVitrineError, Rng } from "@vitrine/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeImage, defaultMaxPixels } from "../image.ts";
import { isFourInkJpeg } from "../image-format.ts";
import { pixelsOf, Undecodable } from "../picture.ts";
import type { Box, RawImage } from "../raw-image.ts";
import { crop } from "../transforms/crop.ts";
import { jpegSource } from "./source.ts";
import { bySharp, fixture, fixtures, patched, resized, segmentAt, withSegment } from "./testing.ts";

const names = fixtures.map(({ name }) => name);
const files = names.map(fixture);

/** Undefined where the decoder leaves the file to another one. */
function pixels(bytes: Uint8Array, box?: Box): RawImage | undefined {
  const source = jpegSource(bytes, 3, defaultMaxPixels);
  try {
    return source && pixelsOf(source, box);
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

function bytesOf(image: RawImage | undefined): Uint8Array | undefined {
  return image && new Uint8Array(image.data);
}

/** A file with a few bytes changed, ahead of the coded data or in them; or the head of one, the data of another. */
function damaged(rng: Rng): Uint8Array {
  const bytes = files[rng.int(files.length)]!.slice();
  const scan = segmentAt(bytes, 0xda);
  if (rng.int(5) === 0) {
    const other = files[rng.int(files.length)]!;
    return Uint8Array.from([...bytes.subarray(0, scan), ...other.subarray(segmentAt(other, 0xda))]);
  }
  const [from, to] = rng.int(2) === 0 ? [2, scan] : [scan, bytes.length];
  for (let i = rng.int(5); i >= 0; i--) bytes[from + rng.int(to - from)] = rng.int(4) === 0 ? 0xff : rng.int(256);
  return rng.int(8) === 0 ? bytes.subarray(0, rng.int(bytes.length)) : bytes;
}

describe("damaged bytes", () => {
  test("throw nothing else, and are read as sharp reads them or not at all", async () => {
    const outcomes = { read: 0, left: 0 };
    for (let i = 0; i < 1500; i++) {
      const bytes = damaged(Rng.of("damaged", i));
      const own = pixels(bytes);
      outcomes[own === undefined ? "left" : "read"]++;
      if (own !== undefined) expect(own.data, `damaged ${i}`).toEqual(bytesOf(await bySharp(bytes, 3)));
    }
    expect(outcomes.read).toBeGreaterThan(150);
    expect(outcomes.left).toBeGreaterThan(150);
  });

  test("are no danger anywhere in a file", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), (seed) => {
        pixels(damaged(Rng.of("anywhere", seed)));
      }),
      { numRuns: 5000 },
    );
  });

  test("give parts that are those of the whole, where that can be read", () => {
    let read = 0;
    for (let i = 0; i < 3000; i++) {
      const rng = Rng.of("parts", i);
      const bytes = damaged(rng);
      const whole = pixels(bytes);
      const size = whole ?? { width: 4, height: 4 };
      const [left, top] = [rng.int(size.width), rng.int(size.height)];
      const box = { left, top, width: 1 + rng.int(size.width - left), height: 1 + rng.int(size.height - top) };
      if (whole === undefined) pixels(bytes, box);
      else expect(pixels(bytes, box), `parts ${i}`).toEqual(crop(whole, box));
      if (whole !== undefined) read++;
    }
    expect(read).toBeGreaterThan(300);
  });

  test("leave nothing behind that harms the next file", () => {
    const good = fixture("420-66x45");
    const expected = pixels(good);
    for (let i = 0; i < 500; i++) {
      pixels(damaged(Rng.of("before", i)));
      if (i % 10 === 0) expect(pixels(good)).toEqual(expected);
    }
  });

  test("give what sharp gives through decodeImage", async () => {
    // Damaged sizes would take their time.
    const maxPixels = 100_000;
    for (let i = 0; i < 300; i++) {
      const bytes = damaged(Rng.of("through", i));
      const [own, other] = await Promise.allSettled([
        decodeImage(bytes, { path: "x.jpg", maxPixels }),
        bySharp(bytes, 3, maxPixels),
      ]);
      // Four inks, which sharp converts with a profile, are the only difference.
      if (own.status === "fulfilled" && other.status === "fulfilled") {
        if (!isFourInkJpeg(bytes)) expect(bytesOf(own.value)).toEqual(bytesOf(other.value));
      } else {
        expect([own.status, other.status], `through ${i}`).toEqual(["rejected", "rejected"]);
        const { reason } = own as PromiseRejectedResult;
        expect(isVitrineError(reason)).toBe(true);
        expect(reason.message).toMatch(/^x\.jpg: /);
      }
    }
  });
});

describe("files that are cut off", () => {
  test.for(["420-17x33", "grey-15x16", "444-restart-1", "420-restart-5", "photo"])("%s", (name) => {
    const bytes = fixture(name);
    expect(pixels(bytes)).toBeDefined();
    for (let length = 0; length < bytes.length; length++) expect(pixels(bytes.subarray(0, length))).toBeUndefined();
  });

  test("are refused by decodeImage with their path and size", async () => {
    const bytes = fixture("photo");
    const cut = decodeImage(bytes.subarray(0, 4000), { path: "cut.jpg" });
    await expect(cut).rejects.toThrow(/^cut\.jpg: truncated image \(4,000 bytes\): /);
  });

  test("without an end are left to sharp, whole as their pixels may be", () => {
    const bytes = fixture("420-17x33");
    expect(pixels(patched(bytes, { [bytes.length - 1]: 0xd8 }))).toBeUndefined();
    expect(pixels(patched(bytes, { [bytes.length - 2]: 0x00 }))).toBeUndefined();
  });

  test("need not be sound behind the last row that is wanted", () => {
    const bytes = fixture("photo").slice();
    const whole = pixels(bytes)!;
    // Codes that are none, ahead of the end.
    bytes.fill(0xfe, bytes.length - 500, bytes.length - 2);
    expect(pixels(bytes)).toBeUndefined();
    const top = pixels(bytes, { left: 0, top: 0, width: 160, height: 40 });
    expect(top?.data).toEqual(whole.data.subarray(0, 160 * 40 * 3));
  });
});

const file = fixture("420-66x45");
const frame = segmentAt(file, 0xc0);
const scan = segmentAt(file, 0xda);
const huffman = segmentAt(file, 0xc4);
const divisors = segmentAt(file, 0xdb);
const restarts = fixture("420-restart-1");
const interval = segmentAt(restarts, 0xdd);

describe("headers that are made to harm", () => {
  test.for<[what: string, bytes: Uint8Array]>([
    ["no height", resized(file, 66, 0)],
    ["no width", resized(file, 0, 45)],
    ["12 bits", patched(file, { [frame + 4]: 12 })],
    ["two components", patched(file, { [frame + 9]: 2 })],
    ["255 components", patched(file, { [frame + 9]: 255 })],
    ["no sampling", patched(file, { [frame + 11]: 0 })],
    ["huge sampling", patched(file, { [frame + 11]: 0xff })],
    ["4 x 4 blocks", patched(file, { [frame + 11]: 0x44 })],
    ["colours larger than luminance", patched(file, { [frame + 11]: 0x11, [frame + 14]: 0x22 })],
    ["colours of two sizes", patched(file, { [frame + 14]: 0x21 })],
    ["grey of no blocks", patched(fixture("grey-15x16"), { [segmentAt(fixture("grey-15x16"), 0xc0) + 11]: 0x05 })],
    ["a table of divisors that is not there", patched(file, { [frame + 12]: 3 })],
    ["a table of divisors of no such name", patched(file, { [divisors + 4]: 7 })],
    ["divisors of 16 bits", patched(file, { [divisors + 4]: 0x10 })],
    ["a second frame", withSegment(file, 0xc0, [...file.subarray(frame + 4, frame + 19)])],
    ["more codes than a byte has symbols", withSegment(file, 0xc4, [0, ...new Array(16).fill(255)])],
    ["a table of codes of no such name", patched(file, { [huffman + 4]: 4 })],
    ["codes of a third class", patched(file, { [huffman + 4]: 0x20 })],
    ["a table that ends early", withSegment(file, 0xc4, [0, 1, 1, 1])],
    ["a scan of one of three components", patched(file, { [scan + 4]: 1 })],
    ["a component twice", patched(file, { [scan + 7]: file[scan + 5]! })],
    ["tables of codes that are not there", patched(file, { [scan + 6]: 0x33 })],
    ["a scan that begins late", patched(file, { [scan + 11]: 1 })],
    ["a scan that ends early", patched(file, { [scan + 12]: 5 })],
    ["bits left to a second scan", patched(file, { [scan + 13]: 1 })],
    ["a segment of length 0", patched(file, { [frame + 2]: 0, [frame + 3]: 0 })],
    ["a segment of length 1", patched(file, { [frame + 2]: 0, [frame + 3]: 1 })],
    ["a segment that is longer than the file", patched(file, { [frame + 2]: 0xff, [frame + 3]: 0xff })],
    ["an interval of three bytes", withSegment(file, 0xdd, [0, 0, 1])],
    ["a height that comes behind the scan", withSegment(file, 0xdc, [0, 45])],
    ["a second start", Uint8Array.from([0xff, 0xd8, ...file])],
    ["nothing but fill bytes", new Uint8Array(100_000).fill(0xff).fill(0xd8, 1, 2)],
    ["two Exif blocks", withSegment(fixture("orientation-6"), 0xe1, [...Buffer.from("Exif\0\0MM\0*\0\0\0\b\0\0")])],
    [
      "an Exif block that is none",
      withSegment(file, 0xe1, [...Buffer.from("Exif\0\0MM\0*\xff\xff\xff\xff", "latin1")]),
    ],
  ])("%s: not ours", ([, bytes]) => {
    expect(jpegSource(bytes, 3, defaultMaxPixels)).toBeUndefined();
  });

  test.for<[what: string, bytes: Uint8Array]>([
    ["a code of one bit too many", patched(file, { [huffman + 5]: 3, [huffman + 7]: file[huffman + 7]! - 3 })],
    ["no codes at all", withoutCodes(file)],
    ["an interval without markers", withSegment(file, 0xdd, [0, 1])],
    ["an interval that is too long", patched(restarts, { [interval + 5]: 2 })],
    ["more units than there are codes", resized(file, 98, 45)],
  ])("%s: undecodable", ([, bytes]) => {
    const source = jpegSource(bytes, 3, defaultMaxPixels)!;
    expect(() => pixelsOf(source)).toThrow(Undecodable);
    expect(() => pixelsOf(source, { left: 0, top: source.height - 1, width: 1, height: 1 })).toThrow(Undecodable);
  });

  test.for([
    ["65,500 x 2,700 pixels in few bytes", resized(file, 65_500, 2700)],
    ["2,700 x 65,500 pixels, a marker behind each unit", resized(restarts, 2700, 65_500)],
    ["65,500 x 65,500 pixels", resized(file, 65_500, 65_500)],
  ] as const)("%s: not ours, so that they cost no memory", ([, bytes]) => {
    expect(jpegSource(bytes, 3, Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  test("65,500 x 65,500 pixels: refused by their number", async () => {
    const bytes = resized(file, 65_500, 65_500);
    await expect(decodeImage(bytes)).rejects.toThrow("65500 x 65500 pixels are more than the limit of 178,956,970");
  });
});

/** All tables empty. */
function withoutCodes(bytes: Uint8Array): Uint8Array {
  const tables = [0x00, 0x01, 0x10, 0x11].flatMap((name) => [name, ...new Array(16).fill(0)]);
  const at = segmentAt(bytes, 0xda);
  const length = tables.length + 2;
  return Uint8Array.from([
    ...bytes.subarray(0, at),
    ...[0xff, 0xc4, length >> 8, length & 255, ...tables],
    ...bytes.subarray(at),
  ]);
}
