// Pictures inside a page.

import { decodeImage, encodeImage, type RawImage, resample } from "@vitrine/data";

/** An image as the address of an `<img>`. */
export async function pictureUrl(image: RawImage, format: "jpeg" | "png" = "jpeg"): Promise<string> {
  const bytes = await encodeImage(image, format);
  return `data:image/${format};base64,${Buffer.from(bytes).toString("base64")}`;
}

/** A small form of an image file, or nothing where it cannot be read. */
export async function thumbnailUrl(path: string, edge = 160): Promise<string | undefined> {
  const image = await decodeImage(path).catch(() => undefined);
  if (image === undefined) return undefined;
  const scale = Math.min(1, edge / Math.max(image.width, image.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return pictureUrl(resample(image, side(image.width), side(image.height), "bilinear"));
}
