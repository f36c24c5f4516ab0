import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../image.ts";
import { pixelsOf } from "../picture.ts";
import { jpegSource } from "./source.ts";
import { bySharp, fixture, fixtures } from "./testing.ts";

const everything = Number.POSITIVE_INFINITY;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("files by Pillow", () => {
  test.for(fixtures)("$name", async ({ name, plain, width, height, channels, sha256: expected }) => {
    const bytes = fixture(name);
    const source = jpegSource(bytes, channels, everything);
    expect(source !== undefined, "is read by our own decoder").toBe(plain);
    if (source !== undefined) {
      expect([source.width, source.height, source.channels]).toEqual([width, height, channels]);
      const { data, ...size } = pixelsOf(source);
      expect([size, sha256(data)]).toEqual([{ width, height, channels }, expected]);
    }
    const decoded = await decodeImage(bytes, { channels });
    expect([decoded.width, decoded.height, sha256(decoded.data)]).toEqual([width, height, expected]);
    // sharp converts inks with a profile.
    if (name !== "cmyk") expect(sha256((await bySharp(bytes, channels)).data)).toBe(expected);
  });

  test("give colour from grey, and grey from colour", async () => {
    for (const name of ["grey-49x34", "420-49x34"]) {
      for (const channels of [1, 3]) {
        const { data } = pixelsOf(jpegSource(fixture(name), channels, everything)!);
        expect(data).toEqual(new Uint8Array((await bySharp(fixture(name), channels)).data));
      }
    }
  });
});

describe("jpegSource", () => {
  test("refuses more pixels than the limit", () => {
    expect(jpegSource(fixture("420-49x34"), 3, 49 * 34)).toBeDefined();
    expect(jpegSource(fixture("420-49x34"), 3, 49 * 34 - 1)).toBeUndefined();
  });

  test("reads bytes that begin in the middle of their buffer", () => {
    const bytes = fixture("orientation-6");
    const moved = new Uint8Array(bytes.length + 7).subarray(7);
    moved.set(bytes);
    expect(pixelsOf(jpegSource(moved, 3, everything)!)).toEqual(pixelsOf(jpegSource(bytes, 3, everything)!));
  });
});
