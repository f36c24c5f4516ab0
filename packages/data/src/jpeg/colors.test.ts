import { expect, test } from "vitest";
import { layout } from "../wasm.ts";
import { jpegMachine } from "./machine.ts";

/** The Independent JPEG Group's conversion: factors times 2 ** 16, rounded. */
function rgbOf(y: number, cb: number, cr: number): number[] {
  const [b, r] = [cb - 128, cr - 128];
  const half = 1 << 15;
  const red = y + ((91881 * r + half) >> 16);
  const green = y + ((-22554 * b - 46802 * r + half) >> 16);
  const blue = y + ((116130 * b + half) >> 16);
  return [red, green, blue].map((value) => Math.max(0, Math.min(255, value)));
}

test("every pair of differences becomes the colour that libjpeg gives", () => {
  const { starts, end } = layout([256, 256, 256, 768]);
  const [luma, blue, red, out] = starts as [number, number, number, number];
  const { memory, kernels } = jpegMachine(end)!;
  const bytes = new Uint8Array(memory.buffer);
  for (const y of [0, 77, 128, 200, 255]) {
    for (let cb = 0; cb < 256; cb++) {
      const expected: number[] = [];
      for (let cr = 0; cr < 256; cr++) {
        [bytes[luma + cr], bytes[blue + cr], bytes[red + cr]] = [y, cb, cr];
        expected.push(...rgbOf(y, cb, cr));
      }
      kernels.toRgb(luma, blue, red, 256, out);
      expect(Buffer.compare(bytes.subarray(out, out + 768), Uint8Array.from(expected))).toBe(0);
    }
  }
});
