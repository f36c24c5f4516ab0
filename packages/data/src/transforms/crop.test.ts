import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { centerCrop, crop, flipHorizontally, flipVertically, pad, roundHalfEven } from "./crop.ts";

/** One channel, values in reading order. */
function grid(rows: number[][]): RawImage {
  return { data: Uint8Array.from(rows.flat()), width: rows[0]!.length, height: rows.length, channels: 1 };
}

function rows({ data, width, height }: RawImage): number[][] {
  return Array.from({ length: height }, (_, y) => Array.from(data.subarray(y * width, (y + 1) * width)));
}

const small = grid([
  [1, 2, 3],
  [4, 5, 6],
]);
const around = (n: number) => ({ left: n, top: n, right: n, bottom: n });

test("cuts a rectangle", () => {
  expect(rows(crop(small, { left: 1, top: 0, width: 2, height: 2 }))).toEqual([
    [2, 3],
    [5, 6],
  ]);
});

test("mirrors", () => {
  expect(rows(flipHorizontally(small))).toEqual([
    [3, 2, 1],
    [6, 5, 4],
  ]);
  expect(rows(flipVertically(small))).toEqual([
    [4, 5, 6],
    [1, 2, 3],
  ]);
});

test("keeps the channels of a pixel together when mirroring", () => {
  const image = { data: Uint8Array.from([1, 2, 3, 4, 5, 6]), width: 2, height: 1, channels: 3 };
  expect(Array.from(flipHorizontally(image).data)).toEqual([4, 5, 6, 1, 2, 3]);
});

test("pads with a colour, by reflection and by the edge", () => {
  expect(rows(pad(small, { left: 1, top: 0, right: 2, bottom: 1 }, "constant", [9]))).toEqual([
    [9, 1, 2, 3, 9, 9],
    [9, 4, 5, 6, 9, 9],
    [9, 9, 9, 9, 9, 9],
  ]);
  expect(rows(pad(small, around(1), "reflect", [0]))).toEqual([
    [5, 4, 5, 6, 5],
    [2, 1, 2, 3, 2],
    [5, 4, 5, 6, 5],
    [2, 1, 2, 3, 2],
  ]);
  expect(rows(pad(small, around(1), "edge", [0]))).toEqual([
    [1, 1, 2, 3, 3],
    [1, 1, 2, 3, 3],
    [4, 4, 5, 6, 6],
    [4, 4, 5, 6, 6],
  ]);
});

test("refuses a reflection wider than the image", () => {
  expect(() => pad(small, around(2), "reflect", [0])).toThrow(
    /padding by reflection must be smaller than the image: 2, 2, 2, 2/,
  );
});

test("cuts the middle, and pads what is too small", () => {
  expect(rows(centerCrop(small, [1, 1], [0]))).toEqual([[2]]); // (2 - 1) / 2 rounds to the even 0, (3 - 1) / 2 is 1
  expect(rows(centerCrop(small, [3, 5], [7]))).toEqual([
    [7, 1, 2, 3, 7],
    [7, 4, 5, 6, 7],
    [7, 7, 7, 7, 7],
  ]);
});

test("rounds halves to even numbers", () => {
  expect([0.5, 1.5, 2.5, -0.5, 0.49, 2.51].map(roundHalfEven)).toEqual(
    [0, 2, 2, 0, 0, 3].map((x) => expect.closeTo(x)),
  );
});

test("padding and cutting it off again changes nothing; two flips neither", () => {
  const sizes = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(sizes, sizes, fc.constantFrom(1, 3), fc.nat(9), (width, height, channels, n) => {
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) => i * 31);
      const image = { data, width, height, channels };
      const padded = pad(image, around(n), "edge", [0]);
      expect(crop(padded, { left: n, top: n, width, height })).toEqual(image);
      expect(flipHorizontally(flipHorizontally(image))).toEqual(image);
      expect(flipVertically(flipVertically(image))).toEqual(image);
    }),
  );
});
