import { expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { isInk } from "./letters.ts";
import { contactSheet } from "./sheet.ts";

const tile = (colour: readonly number[], width = 2, height = 1): RawImage => ({
  ...{ width, height, channels: colour.length },
  data: Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length]!),
});

test("puts images in rows, enlarged, grey ones too", () => {
  const sheet = contactSheet([{ image: tile([255, 0, 0]) }, { image: tile([7]) }, { image: tile([0, 0, 9]) }], {
    ...{ columns: 2, minWidth: 4 },
  });
  expect([sheet.width, sheet.height, sheet.channels]).toEqual([8 + 2 * 12, 8 + 2 * 10, 3]);
  const at = (x: number, y: number) => Array.from(sheet.data.subarray((y * sheet.width + x) * 3).subarray(0, 3));
  expect(at(8, 8)).toEqual([255, 0, 0]);
  expect(at(11, 9)).toEqual([255, 0, 0]);
  expect(at(12, 9)).toEqual([255, 255, 255]);
  expect(at(20, 8)).toEqual([7, 7, 7]);
  expect(at(8, 18)).toEqual([0, 0, 9]);
});

test("writes captions below, cut where they are too long", () => {
  const picture = { image: tile([255, 255, 255], 40, 4) };
  const dark = (caption: string[]) => {
    const { data, width } = contactSheet([{ ...picture, caption }], { minWidth: 40 });
    return Array.from(data, (v, i) => (v < 255 && i % 3 === 0 ? Math.floor(i / 3) % width : -1)).filter((x) => x >= 0);
  };
  expect(dark(["  "])).toEqual([]);
  expect(dark(["I"])).toHaveLength(11);
  expect(Math.max(...dark(["WWWWWWWWWWWWWWWW"]))).toBeLessThan(48);
});

test("knows letters, and shows others as question marks", () => {
  const draw = (letter: string) =>
    Array.from({ length: 7 }, (_, y) =>
      Array.from({ length: 5 }, (_, x) => (isInk(letter, x, y) ? "#" : ".")).join(""),
    );
  expect(draw("T")).toEqual(["#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."]);
  expect(draw("t")).toEqual(draw("T"));
  expect(draw("猫")).toEqual(draw("?"));
});

test("refuses what does not fit together", () => {
  expect(() => contactSheet([])).toThrow("contactSheet: expected one image or more, found none");
  expect(() => contactSheet([{ image: tile([1]) }, { image: tile([1], 3) }])).toThrow("found 2 x 1 and 3 x 1");
});
