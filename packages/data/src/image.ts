// Image files to pixels and back. The only import of sharp, which encodes, and decodes all but plain JPEGs (jpeg/); resizing
// and colour are our own code (transforms/), since libvips gives other bytes than PIL.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { VitrineError } from "@vitrine/core";
import sharp from "sharp";
import { describeUnknown, imageFormat, isFourInkJpeg } from "./image-format.ts";
import { jpegSource } from "./jpeg/source.ts";
import { pixelsOf, Undecodable } from "./picture.ts";
import { blankImage, type RawImage, withChannels } from "./raw-image.ts";

/** 178,956,970 pixels: where PIL takes an image for a decompression bomb. */
export const defaultMaxPixels = 178_956_970;

export interface DecodeOptions {
  /** Channels of the result: 3, or 1 for grey (3). */
  channels?: number;
  /** Larger images are refused before they are decoded. */
  maxPixels?: number;
  /** What the image is called in errors, where bytes are given. */
  path?: string;
}

/**
 * Pixels of an image file or of its bytes. Turned upright (EXIF); alpha is dropped, not blended; 16 bits become 8; of an animation
 * the first frame; colour profiles are ignored and CMYK is converted plainly: as PIL's `convert("RGB")`.
 * Throws a `VitrineError` that begins with the path for files that are missing, damaged, no images, or too large.
 */
export async function decodeImage(file: string | Uint8Array, options: DecodeOptions = {}): Promise<RawImage> {
  const { channels = 3, maxPixels = defaultMaxPixels } = options;
  const path = typeof file === "string" ? file : (options.path ?? "image");
  const bytes = typeof file === "string" ? await readBytes(file) : file;
  const format = imageFormat(bytes);
  if (format === undefined) throw new VitrineError(path, describeUnknown(bytes));
  if (format === "jpeg") {
    const plain = decodePlainJpeg(bytes, channels, maxPixels);
    if (plain !== undefined) return plain;
  }
  // A warning (a strange EXIF entry, bytes after the end) is no reason to refuse; missing data is.
  // Reading as a stream costs a third more time: libvips then starts threads and waits for them.
  const input = { ignoreIcc: true, failOn: "error", limitInputPixels: maxPixels, sequentialRead: false } as const;
  const image = sharp(bytes, input).autoOrient();
  const inks = format === "jpeg" && isFourInkJpeg(bytes);
  if (inks) image.pipelineColourspace("cmyk").toColourspace("cmyk");
  try {
    const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    // sharp's types lack 2 channels and the fact that `data` may be a view of a larger buffer; neither matters here.
    const raw = { data, width: info.width, height: info.height, channels: info.channels as number };
    return withChannels(inks ? plainRgb(raw) : raw, channels);
  } catch (error) {
    throw await explain(error, path, bytes, maxPixels);
  }
}

function decodePlainJpeg(bytes: Uint8Array, channels: number, maxPixels: number): RawImage | undefined {
  const source = jpegSource(bytes, channels, maxPixels);
  try {
    return source && pixelsOf(source);
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}

/** Width and height of an image file (upright) without decoding it, and what it holds. `orientation` is EXIF's, 1 for upright. */
export async function imageInfo(
  file: string | Uint8Array,
  options: Pick<DecodeOptions, "path"> = {},
): Promise<{ width: number; height: number; format: string; channels: number; frames: number; orientation: number }> {
  const path = typeof file === "string" ? file : (options.path ?? "image");
  const bytes = typeof file === "string" ? await readBytes(file) : file;
  if (imageFormat(bytes) === undefined) throw new VitrineError(path, describeUnknown(bytes));
  try {
    const found = await sharp(bytes, { limitInputPixels: false }).metadata();
    const { width, height } = found.autoOrient;
    const { format, channels, pages: frames = 1, orientation = 1 } = found;
    return { width, height, format, channels, frames, orientation };
  } catch (error) {
    throw new VitrineError(path, `damaged image: ${reasonOf(error)}`, { cause: error });
  }
}

const encoders = ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const;

/** Pixels as the bytes of an image file. */
export async function encodeImage(image: RawImage, format: (typeof encoders)[number]): Promise<Uint8Array> {
  const { data, width, height, channels } = image;
  const pipeline = sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });
  if (channels < 3) pipeline.toColourspace("b-w");
  return pipeline.toFormat(format).toBuffer();
}

/** Writes pixels in the format of the file's ending (png, jpg, webp, gif, tiff, avif), whole or not at all. */
export async function writeImage(image: RawImage, file: string): Promise<void> {
  const extension = extname(file).slice(1).toLowerCase();
  const name = extension === "jpg" ? "jpeg" : extension === "tif" ? "tiff" : extension;
  const format = encoders.find((known) => known === name);
  if (format === undefined) {
    const found = extension === "" ? "no ending" : `.${extension}`;
    throw new VitrineError(file, `expected .png, .jpg, .webp, .gif, .tiff or .avif, found ${found}`, { usage: true });
  }
  const bytes = await encodeImage(image, format);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new VitrineError(file, `cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new VitrineError(file, `cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** PIL's CMYK to RGB: no colour management, the white that the inks leave. */
function plainRgb({ data, width, height }: RawImage): RawImage {
  const out = blankImage(width, height, 3);
  for (let s = 0, t = 0; s < data.length; s += 4, t += 3) {
    const white = 255 - data[s + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = data[s + c]! * white + 128;
      out.data[t + c] = white - ((product + (product >> 8)) >> 8);
    }
  }
  return out;
}

async function explain(error: unknown, path: string, bytes: Uint8Array, maxPixels: number): Promise<VitrineError> {
  const reason = reasonOf(error);
  if (/pixel limit/i.test(reason)) {
    const { width, height } = await imageInfo(bytes, { path });
    return new VitrineError(
      path,
      `${width} x ${height} pixels are more than the limit of ${maxPixels.toLocaleString("en")}; ` +
        "raise maxPixels if you trust the file",
      { cause: error },
    );
  }
  const short = isCutJpeg(bytes) || /premature end|truncated|end of (stream|file)|read error/i.test(reason);
  const damage = short ? "truncated" : "damaged";
  return new VitrineError(path, `${damage} image (${bytes.length.toLocaleString("en")} bytes): ${reason}`, {
    cause: error,
  });
}

/** A JPEG without an end behind its pixels. What sharp says of one may be another image's reason, where several fail at once. */
function isCutJpeg(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = (marker: number) => buffer.lastIndexOf(Uint8Array.of(0xff, marker));
  return imageFormat(bytes) === "jpeg" && last(0xd9) < last(0xda);
}

/** The first line of what a library said, without the colon that leads on to the second. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!.trim().replace(/:$/, "");
}
