// Exif's orientation: how an image that lies in its file is turned upright (Exif 2.3, tag 0x112).

import { type Box, blankImage, type RawImage } from "../raw-image.ts";

/** Columns of the upright image are rows of the file; and which of the file's axes run backwards. */
export interface Turn {
  swap: boolean;
  mirrorX: boolean;
  mirrorY: boolean;
}

/** By orientation. */
const turns: readonly (Turn | undefined)[] = [
  undefined,
  { swap: false, mirrorX: false, mirrorY: false },
  { swap: false, mirrorX: true, mirrorY: false },
  { swap: false, mirrorX: true, mirrorY: true },
  { swap: false, mirrorX: false, mirrorY: true },
  { swap: true, mirrorX: false, mirrorY: false },
  { swap: true, mirrorX: false, mirrorY: true },
  { swap: true, mirrorX: true, mirrorY: true },
  { swap: true, mirrorX: true, mirrorY: false },
];

/** Undefined for a number that is none of the eight. */
export function turnOf(orientation: number): Turn | undefined {
  return turns[orientation];
}

/** Where a part of the upright image lies in a file of this size. */
export function boxInFile(box: Box, { swap, mirrorX, mirrorY }: Turn, file: { width: number; height: number }): Box {
  const { left, top, width, height } = swap
    ? { left: box.top, top: box.left, width: box.height, height: box.width }
    : box;
  return {
    left: mirrorX ? file.width - left - width : left,
    top: mirrorY ? file.height - top - height : top,
    width,
    height,
  };
}

/** The image turned; the same object where nothing changes. */
export function turned(image: RawImage, { swap, mirrorX, mirrorY }: Turn): RawImage {
  if (!swap && !mirrorX && !mirrorY) return image;
  const { data, channels } = image;
  const out = swap ? blankImage(image.height, image.width, channels) : blankImage(image.width, image.height, channels);
  for (let y = 0, t = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const [alongX, alongY] = swap ? [y, x] : [x, y];
      const column = mirrorX ? image.width - 1 - alongX : alongX;
      const row = mirrorY ? image.height - 1 - alongY : alongY;
      const s = (row * image.width + column) * channels;
      for (let c = 0; c < channels; c++) out.data[t++] = data[s + c]!;
    }
  }
  return out;
}
