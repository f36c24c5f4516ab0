import fc from "fast-check";
import { expect, test } from "vitest";
import { boxBlurFast, boxBlurPlainly } from "./box-blur.ts";

test("WebAssembly and plain code give the same bytes, also where the box is wider than the image", () => {
  const cases = fc.record({
    width: fc.integer({ min: 1, max: 60 }),
    height: fc.integer({ min: 1, max: 60 }),
    channels: fc.constantFrom(1, 2, 3, 4),
    reach: fc.oneof(fc.nat(4), fc.nat(300)),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(2 ** 31),
  });
  fc.assert(
    fc.property(cases, ({ width, height, channels, reach, part, seed }) => {
      let x = seed;
      const data = Uint8Array.from({ length: width * height * channels }, () => {
        x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
        return x >>> 24;
      });
      const image = { data, width, height, channels };
      const before = data.slice();
      const whole = Math.trunc(2 ** 24 / (2 * (reach + part) + 1));
      const box = { reach, whole, end: Math.floor((2 ** 24 - (2 * reach + 1) * whole) / 2) };
      expect(boxBlurFast(image, box)).toEqual(boxBlurPlainly(image, box));
      expect(data).toEqual(before);
    }),
    { numRuns: 300 },
  );
});
