// What an image file is, by its first bytes: file names lie, and decoders say little about what they refuse.

/** Formats the decoder reads. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "tiff" | "avif";

/** Endings by which folders are searched, lower case. */
export const imageExtensions: readonly string[] = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".avif"];

/** The format, or undefined where the bytes begin like none of them. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, 0xff, 0xd8, 0xff)) return "jpeg";
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) return "png";
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") return "webp";
  if (text(bytes, 0, 4) === "GIF8") return "gif";
  if (startsWith(bytes, 0x49, 0x49, 0x2a, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 0x2a)) return "tiff";
  if (startsWith(bytes, 0x49, 0x49, 0x2b, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 0x2b)) return "tiff"; // BigTIFF
  if (text(bytes, 4, 8) === "ftyp" && /avif|avis|mif1/.test(text(bytes, 8, 32))) return "avif";
  return undefined;
}

/** Why bytes that are no image of a known format were refused, in words. */
export function describeUnknown(bytes: Uint8Array): string {
  if (bytes.length === 0) return "the file is empty";
  const known = "jpeg, png, webp, gif, tiff and avif are read";
  if (text(bytes, 0, 2) === "BM") return `a BMP file; ${known}: convert it to PNG`;
  if (text(bytes, 4, 8) === "ftyp") return `a HEIC or video file; ${known}: convert it to JPEG`;
  if (/^\s*<(\?xml|!doctype|svg|html)/i.test(text(bytes, 0, 64))) return `an HTML, XML or SVG text; ${known}`;
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `not an image (it begins with ${start}); ${known}`;
}

/** True for a JPEG of four inks (CMYK or YCCK), by its frame header. */
export function isFourInkJpeg(bytes: Uint8Array): boolean {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    // Frame headers are C0 … CF without DHT (C4), JPG (C8) and DAC (CC).
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) return bytes[at + 9] === 4;
    if (marker === 0xff) at += 1;
    else at += 2 + (bytes[at + 2]! << 8) + bytes[at + 3]!;
  }
  return false;
}

function startsWith(bytes: Uint8Array, ...prefix: number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
