import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawImage } from "../raw-image.ts";
import { filterWeights } from "./filters.ts";
import { resampleFast, resamplePlainly } from "./resample-passes.ts";

const edge = fc.integer({ min: 1, max: 90 });
const part = (length: number) =>
  fc.nat(length - 1).chain((from) => fc.tuple(fc.constant(from), fc.nat(length - from - 1)));

function noise(width: number, height: number, channels: number, seed: number): RawImage {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0, x = seed; i < data.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    data[i] = x >>> 24;
  }
  return { data, width, height, channels };
}

test("WebAssembly and plain code give the same bytes, in both orders of the passes", () => {
  const plans = fc.tuple(edge, edge, edge, edge).chain(([w, h, toW, toH]) =>
    fc.record({
      sizes: fc.constant([w, h, toW, toH] as const),
      across: part(w),
      down: part(h),
      windowAcross: part(toW),
      windowDown: part(toH),
      channels: fc.constantFrom(1, 2, 3, 4),
      filter: fc.constantFrom("bilinear" as const, "bicubic" as const, "lanczos" as const),
      columnsFirst: fc.boolean(),
      seed: fc.nat(2 ** 31),
    }),
  );
  fc.assert(
    fc.property(plans, ({ sizes: [w, h, toW, toH], across, down, windowAcross, windowDown, filter, ...rest }) => {
      const image = noise(w, h, rest.channels, rest.seed);
      const before = image.data.slice();
      const box = { left: across[0], top: down[0], width: across[1] + 1, height: down[1] + 1 };
      const columns = filterWeights(box.width, toW, windowAcross[0], windowAcross[1] + 1, filter);
      const rows = filterWeights(box.height, toH, windowDown[0], windowDown[1] + 1, filter);
      const plan = { image, box, columns, rows, columnsFirst: rest.columnsFirst };
      const fast = resampleFast(plan);
      expect(fast).toEqual(resamplePlainly(plan));
      expect([fast!.width, fast!.height]).toEqual([windowAcross[1] + 1, windowDown[1] + 1]);
      expect(image.data).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

test("memory of one image does not leak into the next, nor does a large image stay", () => {
  const large = noise(3000, 4000, 3, 1); // more than the kept memory holds
  const small = noise(20, 10, 3, 2);
  const plan = (image: RawImage, width: number, height: number) => ({
    image,
    box: { left: 0, top: 0, width: image.width, height: image.height },
    columns: filterWeights(image.width, width, 0, width, "bicubic"),
    rows: filterWeights(image.height, height, 0, height, "bicubic"),
    columnsFirst: false,
  });
  const first = resampleFast(plan(small, 7, 9));
  expect(resampleFast(plan(large, 50, 40))).toEqual(resamplePlainly(plan(large, 50, 40)));
  expect(resampleFast(plan(small, 7, 9))).toEqual(first);
});
