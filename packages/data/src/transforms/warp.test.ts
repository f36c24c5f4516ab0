import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleBicubic, sampleBilinear, sampleNearest } from "./sample.ts";
import { affine, type Locate, perspective, sampleFast, samplePlainly } from "./warp.ts";

const image = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };

test("WebAssembly and plain code give the same bytes, for any positions", () => {
  const edge = fc.integer({ min: 1, max: 30 });
  const cases = fc.record({
    sizes: fc.tuple(edge, edge, edge, edge),
    channels: fc.constantFrom(1, 2, 3, 4),
    how: fc.constantFrom("nearest" as const, "bilinear" as const, "bicubic" as const),
    seed: fc.nat(2 ** 31),
  });
  fc.assert(
    fc.property(cases, ({ sizes: [width, height, outWidth, outHeight], channels, how, seed }) => {
      let x = seed;
      const next = () => {
        x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
        return x / 2 ** 32;
      };
      const bytes = (length: number) => Uint8Array.from({ length }, () => next() * 256);
      const source = { data: bytes(width * height * channels), width, height, channels };
      if (seed % 4 === 0) source.data.fill(seed & 255, 0, source.data.length / 2); // parts of one colour
      const color = Array.from(bytes(channels));
      // Between pixels, on their lines, outside, and nowhere.
      const anywhere = (length: number) => {
        const kind = next() * 40;
        if (kind < 1) return [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 2 ** 32 + 3][Math.floor(kind * 4)]!;
        const position = next() * 1.4 * length - 0.2 * length;
        return kind < 30 ? position : Math.round(2 * position) / 2;
      };
      const rows = Array.from({ length: outHeight }, () =>
        Float64Array.from({ length: 2 * outWidth }, (_, i) => anywhere(i % 2 === 0 ? width : height)),
      );
      const locate: Locate = (y, positions) => positions.set(rows[y]!);
      const fast = sampleFast(source, outWidth, outHeight, locate, how, color);
      const sampler = { nearest: sampleNearest, bilinear: sampleBilinear, bicubic: sampleBicubic }[how];
      expect(fast).toEqual(samplePlainly(source, outWidth, outHeight, locate, sampler, color));
    }),
    { numRuns: 1000 },
  );
});

test("refuses numbers that are none and filters that are none", () => {
  expect(() => affine(image, [1, 0, Number.NaN, 0, 1, 0])).toThrow(/affine: expected finite numbers, found 1, 0, NaN/);
  expect(() => perspective(image, [1, 0, 0, 0, 1, 0, 0, Number.POSITIVE_INFINITY])).toThrow(/finite numbers/);
  expect(() => affine(image, [1, 0, 0, 0, 1, 0], { interpolation: "lanczos" as "bicubic" })).toThrow(
    /expected nearest, bilinear or bicubic, found lanczos/,
  );
});
