import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { isVitrineError } from "@vitrine/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import pil from "./__fixtures__/pil.json" with { type: "json" };
import { decodeImage, imageInfo, writeImage } from "./image.ts";
import type { RawImage } from "./raw-image.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A red left half and a blue right half, 8 x 4. */
const halves: RawImage = {
  data: Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => {
    const [x, c] = [Math.floor(i / 3) % 8, i % 3];
    return c === (x < 4 ? 0 : 2) ? 240 : 16;
  }),
  width: 8,
  height: 4,
  channels: 3,
};
const raw = { raw: { width: 8, height: 4, channels: 3 } } as const;
const input = () => sharp(halves.data, raw);

function pixel(image: RawImage, x: number, y: number): number[] {
  const at = (y * image.width + x) * image.channels;
  return Array.from(image.data.subarray(at, at + image.channels));
}

function expectNear(actual: number[], expected: number[], tolerance: number): void {
  for (const [c, value] of expected.entries()) expect(Math.abs(actual[c]! - value)).toBeLessThanOrEqual(tolerance);
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isVitrineError(error)).toBe(true);
  return (error as Error).message;
}

describe("decodeImage", () => {
  test.for(["png", "webp", "tiff", "gif", "jpeg", "avif"] as const)("reads %s", async (format) => {
    const lossless = {
      png: {},
      webp: { lossless: true },
      tiff: { compression: "lzw" },
      gif: {},
      jpeg: { quality: 95 },
      avif: {},
    };
    const bytes = await input().toFormat(format, lossless[format]).toBuffer();
    const image = await decodeImage(bytes);
    expect([image.width, image.height, image.channels]).toEqual([8, 4, 3]);
    const tolerance = format === "jpeg" || format === "avif" ? 24 : 0;
    expectNear(pixel(image, 0, 0), [240, 16, 16], tolerance);
    expectNear(pixel(image, 7, 3), [16, 16, 240], tolerance);
  });

  test("makes grey from colour as PIL does, and colour from grey", async () => {
    const png = await input().png().toBuffer();
    const grey = await decodeImage(png, { channels: 1 });
    expect([grey.channels, pixel(grey, 0, 0)[0], pixel(grey, 7, 0)[0]]).toEqual([1, 83, 42]);
    const stored = await sharp(Buffer.from(grey.data), { raw: { width: 8, height: 4, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect(pixel(await decodeImage(stored), 0, 0)).toEqual([83, 83, 83]);
    expect(await decodeImage(stored, { channels: 1 })).toEqual(grey);
  });

  test("drops alpha without blending", async () => {
    const background = { r: 200, g: 40, b: 90, alpha: 0.25 };
    const bytes = await sharp({ create: { width: 2, height: 2, channels: 4, background } })
      .png()
      .toBuffer();
    expect(pixel(await decodeImage(bytes), 1, 1)).toEqual([200, 40, 90]);
  });

  test("turns 16 bits into 8", async () => {
    expectNear(pixel(await decodeImage(await input().toColourspace("rgb16").png().toBuffer()), 0, 0), [240, 16, 16], 1);
    const grey = await decodeImage(await input().toColourspace("grey16").png().toBuffer());
    expect(new Set(pixel(grey, 0, 0)).size).toBe(1);
  });

  test("turns CMYK into RGB as PIL does", async () => {
    const inks = Buffer.from(pil.cmyk.inks, "hex");
    // Eight equal pixels a colour, so that the JPEG blocks are flat.
    const wide = Buffer.concat(
      Array.from({ length: 64 * 3 }, (_, i) => inks.subarray((Math.floor(i / 8) % 3) * 4).subarray(0, 4)),
    );
    const bytes = await sharp(wide, { raw: { width: 24, height: 8, channels: 4 } })
      .pipelineColourspace("cmyk")
      .toColourspace("cmyk")
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer();
    // sharp may not take raw bytes as inks; what the file holds is what counts.
    const { data: stored, info } = await sharp(bytes)
      .pipelineColourspace("cmyk")
      .toColourspace("cmyk")
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    const image = await decodeImage(bytes);
    for (const x of [4, 12, 20]) {
      const [c, m, y, k] = Array.from(stored.subarray((4 * 24 + x) * 4, (4 * 24 + x) * 4 + 4)) as [
        number,
        number,
        number,
        number,
      ];
      const white = 255 - k;
      expectNear(
        pixel(image, x, 4),
        [c, m, y].map((ink) => white - (ink * white) / 255),
        1,
      );
    }
  });

  test("turns photographs upright", async () => {
    const bytes = await input().withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await decodeImage(bytes);
    expect([image.width, image.height]).toEqual([4, 8]);
    expect(pixel(image, 0, 0)).toEqual([240, 16, 16]);
    expect(pixel(image, 0, 7)).toEqual([16, 16, 240]);
    expect(await imageInfo(bytes)).toMatchObject({ width: 4, height: 8, format: "png" });
  });

  test("takes the first frame of an animation", async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 10), Buffer.alloc(12, 200)]);
    const pages = { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } } as const;
    for (const bytes of [
      await sharp(frames, pages).gif().toBuffer(),
      await sharp(frames, pages).webp({ lossless: true }).toBuffer(),
    ]) {
      const image = await decodeImage(bytes);
      expect([image.width, image.height, image.channels]).toEqual([2, 2, 3]);
      expect(pixel(image, 0, 0)).toEqual([10, 10, 10]);
    }
  });

  test("reads an image of one pixel", async () => {
    const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: "#0a141e" } })
      .png()
      .toBuffer();
    expect(Array.from((await decodeImage(bytes)).data)).toEqual([10, 20, 30]);
  });

  test("refuses more pixels than the limit, with their number", async () => {
    const small = await input().png().toBuffer();
    // The same file with another size in its header: bytes 16 to 24, and a checksum after the header.
    const bytes = Buffer.from(small);
    bytes.writeUInt32BE(20_000, 16);
    bytes.writeUInt32BE(20_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    const message = await refusal(decodeImage(bytes, { path: "big.png" }));
    expect(message).toMatch(/^big\.png: 20000 x 20000 pixels are more than the limit of 178,956,970/);
    expect(await refusal(decodeImage(small, { maxPixels: 31 }))).toContain(
      "8 x 4 pixels are more than the limit of 31",
    );
    expect((await decodeImage(small, { maxPixels: 32 })).width).toBe(8);
  });

  test.for(["jpeg", "png", "webp", "gif", "tiff"] as const)("refuses a truncated %s by its path", async (format) => {
    const data = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 7) % 256));
    const whole = await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const file = join(folder, `cut.${format}`);
    await writeFile(file, whole.subarray(0, whole.length >> 1));
    const message = await refusal(decodeImage(file));
    expect(message.startsWith(`${file}: `)).toBe(true);
    expect(message).toMatch(/(truncated|damaged) image/);
  });

  test.for([
    ["", "the file is empty"],
    ["BM123456789", "a BMP file"],
    ["<!DOCTYPE html><html>", "an HTML, XML or SVG text"],
    ["<svg xmlns='http://www.w3.org/2000/svg'/>", "an HTML, XML or SVG text"],
    ["\0\0\0\x18ftypheic", "a HEIC or video file"],
    ["hello world", "not an image (it begins with 68 65 6c 6c 6f 20 77 6f)"],
  ] as const)("says what %j is", async ([text, expected]) => {
    expect(await refusal(decodeImage(Buffer.from(text), { path: "x.jpg" }))).toContain(`x.jpg: ${expected}`);
  });

  test("names a missing file", async () => {
    expect(await refusal(decodeImage(join(folder, "none.png")))).toMatch(/none\.png: cannot be read: ENOENT/);
  });

  test("survives garbage behind every known beginning", async () => {
    const starts = [
      "ffd8ffe0",
      "89504e470d0a1a0a",
      "474946383961",
      "49492a00",
      "52494646ffffffff57454250",
      "0000001c6674797061766966",
    ];
    for (const start of starts) {
      const bytes = Buffer.concat([
        Buffer.from(start, "hex"),
        Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 73) % 256)),
      ]);
      expect(await refusal(decodeImage(bytes))).toMatch(/^image: (truncated|damaged) image/);
    }
  });
});

describe("writeImage", () => {
  test("writes what decodeImage reads, and leaves nothing else behind", async () => {
    const file = join(folder, "out", "x.png");
    await expect(writeImage(halves, file)).rejects.toThrow("cannot be written");
    const good = join(folder, "x.png");
    await writeImage(halves, good);
    expect(await decodeImage(good)).toEqual({ ...halves, data: Buffer.from(halves.data) });
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test("refuses an unknown ending", async () => {
    await expect(writeImage(halves, join(folder, "x.bmp"))).rejects.toThrow("found .bmp");
  });
});
