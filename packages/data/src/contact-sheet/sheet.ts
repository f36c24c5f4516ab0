// Many images on one: a contact sheet with captions.

import { VitrineError } from "@vitrine/core";
import { blankImage, type RawImage, withChannels } from "../raw-image.ts";
import { isInk, letterHeight, letterWidth } from "./letters.ts";

export interface Tile {
  image: RawImage;
  /** Lines below the image, cut where they are too long. */
  caption?: readonly string[];
}

export interface SheetOptions {
  /** Images in a row (as many as make the sheet about square). */
  columns?: number;
  /** Smaller images are enlarged to at least this width, each pixel to a square (112). */
  minWidth?: number;
}

const [gap, white, ink] = [8, 255, 40];

/** The images in rows on white, as RGB. All must have one size. */
export function contactSheet(tiles: readonly Tile[], options: SheetOptions = {}): RawImage {
  const first = tiles[0]?.image;
  if (first === undefined) throw usage("expected one image or more, found none");
  const other = tiles.find(({ image }) => image.width !== first.width || image.height !== first.height);
  if (other !== undefined)
    throw usage(
      `expected images of one size, found ${first.width} x ${first.height} and ${other.image.width} x ${other.image.height}`,
    );
  const { columns = Math.ceil(Math.sqrt(tiles.length)), minWidth = 112 } = options;
  if (!Number.isInteger(columns) || columns < 1) throw usage(`columns must be a positive integer, found ${columns}`);
  const scale = Math.max(1, Math.ceil(minWidth / first.width));
  const [width, height] = [first.width * scale, first.height * scale];
  const size = width >= 160 ? 2 : 1;
  const line = (letterHeight + 3) * size;
  const lines = Math.max(...tiles.map(({ caption = [] }) => caption.length));
  const across = Math.min(columns, tiles.length);
  const cell = { width: width + gap, height: height + gap + (lines > 0 ? lines * line + gap / 2 : 0) };
  const sheet = blankImage(across * cell.width + gap, Math.ceil(tiles.length / across) * cell.height + gap, 3);
  sheet.data.fill(white);
  for (const [i, { image, caption = [] }] of tiles.entries()) {
    const [left, top] = [gap + (i % across) * cell.width, gap + Math.floor(i / across) * cell.height];
    enlarge(sheet, withChannels(image, 3), left, top, scale);
    for (const [n, text] of caption.entries()) write(sheet, text, left, top + height + gap / 2 + n * line, size, width);
  }
  return sheet;
}

function enlarge(sheet: RawImage, image: RawImage, left: number, top: number, scale: number): void {
  for (let y = 0; y < image.height * scale; y++)
    for (let x = 0; x < image.width * scale; x++) {
      const from = (Math.floor(y / scale) * image.width + Math.floor(x / scale)) * 3;
      const to = ((top + y) * sheet.width + left + x) * 3;
      for (let c = 0; c < 3; c++) sheet.data[to + c] = image.data[from + c]!;
    }
}

function write(sheet: RawImage, text: string, left: number, top: number, size: number, width: number): void {
  const step = (letterWidth + 1) * size;
  const letters = [...text].slice(0, Math.floor((width + size) / step));
  for (const [i, letter] of letters.entries())
    for (let y = 0; y < letterHeight * size; y++)
      for (let x = 0; x < letterWidth * size; x++) {
        if (!isInk(letter, Math.floor(x / size), Math.floor(y / size))) continue;
        const at = ((top + y) * sheet.width + left + i * step + x) * 3;
        sheet.data.fill(ink, at, at + 3);
      }
}

function usage(message: string): VitrineError {
  return new VitrineError("contactSheet", message, { usage: true });
}
