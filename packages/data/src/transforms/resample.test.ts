// Numbers: Pillow, made by scripts/make-fixtures.py.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import pil from "../__fixtures__/pil.json" with { type: "json" };
import { blankImage, type RawImage, withChannels } from "../raw-image.ts";
import { adjustHue } from "./color.ts";
import { crop } from "./crop.ts";
import { enhanceBrightness, enhanceColor, enhanceContrast } from "./enhance.ts";
import { resample } from "./resample.ts";
import type { Interpolation } from "./transform.ts";

interface Stored {
  width: number;
  height: number;
  hex: string;
}

const picture = image(pil.picture);

function image({ width, height, hex }: Stored): RawImage {
  const data = new Uint8Array(Buffer.from(hex, "hex"));
  return { data, width, height, channels: data.length / width / height };
}

describe("equals Pillow byte for byte", () => {
  test.for(
    pil.resize.map(
      (row) => [`${row.interpolation} to ${row.width} x ${row.height} of ${row.box ?? "all"}`, row] as const,
    ),
  )("%s", ([, row]) => {
    const [left, top, right, bottom] = row.box ?? [0, 0, picture.width, picture.height];
    const box = { left: left!, top: top!, width: right! - left!, height: bottom! - top! };
    expect(resample(picture, row.width, row.height, row.interpolation as Interpolation, { box })).toEqual(image(row));
  });
  test.for(pil.brightness)("brightness $factor", (row) =>
    expect(enhanceBrightness(picture, row.factor)).toEqual(image(row)),
  );
  test.for(pil.contrast)("contrast $factor", (row) => expect(enhanceContrast(picture, row.factor)).toEqual(image(row)));
  test.for(pil.saturation)("saturation $factor", (row) =>
    expect(enhanceColor(picture, row.factor)).toEqual(image(row)),
  );
  test.for(pil.hue)("hue $shift", (row) => expect(adjustHue(picture, row.shift)).toEqual(image(row)));
  test("grey", () => expect(withChannels(picture, 1)).toEqual(image(pil.grey)));
});

const edges = fc.integer({ min: 1, max: 40 });
const interpolations = fc.constantFrom<Interpolation>("nearest", "bilinear", "bicubic", "lanczos");
const images = fc
  .tuple(edges, edges, fc.constantFrom(1, 3, 4), fc.integer({ min: 0, max: 2 ** 31 }))
  .map(([width, height, channels, seed]) => {
    const out = blankImage(width, height, channels);
    for (let i = 0, x = seed; i < out.data.length; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      out.data[i] = x >>> 24;
    }
    return out;
  });

test("keeps a uniform image uniform, whatever the sizes", () => {
  fc.assert(
    fc.property(
      edges,
      edges,
      edges,
      edges,
      interpolations,
      fc.nat(255),
      (w, h, width, height, interpolation, value) => {
        const flat = blankImage(w, h, 3);
        flat.data.fill(value);
        const out = resample(flat, width, height, interpolation);
        expect([out.width, out.height, out.data.length]).toEqual([width, height, width * height * 3]);
        expect(out.data.every((pixel) => pixel === value)).toBe(true);
      },
    ),
  );
});

test("a box is the crop before, a window is the crop after", () => {
  const part = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
  const within = (size: number, [a, b]: readonly [number, number]) => {
    const start = Math.floor(a * (size - 1));
    return [start, 1 + Math.floor(b * (size - 1 - start))] as const;
  };
  fc.assert(
    fc.property(
      images,
      edges,
      edges,
      interpolations,
      fc.array(part, { minLength: 4, maxLength: 4 }),
      (img, w, h, how, p) => {
        const [left, width] = within(img.width, p[0]!);
        const [top, height] = within(img.height, p[1]!);
        const box = { left, top, width, height };
        const [windowLeft, windowWidth] = within(w, p[2]!);
        const [windowTop, windowHeight] = within(h, p[3]!);
        const window = { left: windowLeft, top: windowTop, width: windowWidth, height: windowHeight };
        const slow = crop(resample(crop(img, box), w, h, how), window);
        expect(resample(img, w, h, how, { box, window })).toEqual(slow);
      },
    ),
  );
});

test("leaves an image of the wanted size alone", () => {
  expect(resample(picture, picture.width, picture.height, "bicubic")).toBe(picture);
});

test("a part of the same size is cut out, with its alpha untouched", () => {
  const image = { data: Uint8Array.from([200, 100, 50, 1, 9, 8, 7, 0]), width: 2, height: 1, channels: 4 };
  const box = { left: 0, top: 0, width: 1, height: 1 };
  expect(resample(image, 1, 1, "bicubic", { box }).data).toEqual(Uint8Array.from([200, 100, 50, 1]));
  expect(resample(image, 2, 1, "bicubic", { window: box }).data).toEqual(Uint8Array.from([200, 100, 50, 1]));
});
