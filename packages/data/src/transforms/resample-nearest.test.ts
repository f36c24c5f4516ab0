import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestFast, nearestPlainly } from "./resample-nearest.ts";

test("WebAssembly and plain code give the same bytes", () => {
  const edge = fc.integer({ min: 1, max: 60 });
  /** From where to where of a length. */
  const part = (length: number) =>
    fc.nat(length - 1).chain((from) => fc.tuple(fc.constant(from), fc.integer({ min: 1, max: length - from })));
  const plans = fc.tuple(edge, edge, edge, edge).chain(([w, h, width, height]) =>
    fc.record({
      sizes: fc.constant([w, h, width, height] as const),
      across: part(w),
      down: part(h),
      windowAcross: part(width),
      windowDown: part(height),
      channels: fc.constantFrom(1, 2, 3, 4),
    }),
  );
  fc.assert(
    fc.property(plans, ({ sizes: [w, h, width, height], across, down, windowAcross, windowDown, channels }) => {
      const data = Uint8Array.from({ length: w * h * channels }, (_, i) => i * 37 + (i >> 8));
      const image = { data, width: w, height: h, channels };
      const before = data.slice();
      const box = { left: across[0], top: down[0], width: across[1], height: down[1] };
      const window = { left: windowAcross[0], top: windowDown[0], width: windowAcross[1], height: windowDown[1] };
      const plan = { image, box, width, height, window };
      expect(nearestFast(plan)).toEqual(nearestPlainly(plan));
      expect(data).toEqual(before);
    }),
    { numRuns: 300 },
  );
});
