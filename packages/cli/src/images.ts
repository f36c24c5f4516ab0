// What a predictor asks for, from @vitrine/data.

import { applyTransform, decodeImage, evalTransform } from "@vitrine/data";
import type { Decode } from "@vitrine/export";

/** Decodes, and prepares by a preprocess as evaluation does. */
export function imageDecoder(options: { maxPixels?: number | undefined } = {}): Decode {
  const { maxPixels } = options;
  return async (image, preprocess) => {
    const isPixels = typeof image === "object" && !(image instanceof Uint8Array);
    const pixels = isPixels ? image : await decodeImage(image, maxPixels === undefined ? {} : { maxPixels });
    return preprocess === undefined ? pixels : applyTransform(pixels, evalTransform(preprocess));
  };
}
