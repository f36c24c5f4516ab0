// Which units of a JPEG show what is wanted. A unit (MCU) is the smallest square of pixels that holds whole blocks of
// all components: 8 x 8 pixels, or up to 16 x 16 where colours are halved.

import type { Box } from "../raw-image.ts";
import type { JpegHeader } from "./header.ts";

/** How the colours of an image were made smaller. */
export type Halved = "not" | "across" | "both";

/** From `start` to before `end`. */
export interface Range {
  start: number;
  end: number;
}

export interface Geometry {
  halved: Halved;
  /** Pixels of a unit. */
  unitWidth: number;
  unitHeight: number;
  /** Units in a row, and rows of units. */
  across: number;
  down: number;
  /** Those that are needed. */
  columns: Range;
  rows: Range;
}

/** A filter that stretches colours looks at one sample to each side, which is two pixels. */
const reach = 2;

/** Undefined for ways to make colours smaller that are rare. */
export function geometryOf({ width, height, components }: JpegHeader, box: Box): Geometry | undefined {
  const [luma, ...colors] = components as [JpegHeader["components"][number], ...JpegHeader["components"]];
  const halved = halvedBy(luma);
  // Where very few samples are left, they are stretched in another way.
  if (halved === undefined || (halved !== "not" && width < 5)) return undefined;
  if (colors.some((color) => color.across !== 1 || color.down !== 1)) return undefined;
  const [unitWidth, unitHeight] = [8 * luma.across, 8 * luma.down];
  const [across, down] = [Math.ceil(width / unitWidth), Math.ceil(height / unitHeight)];
  return {
    halved,
    unitWidth,
    unitHeight,
    across,
    down,
    columns: unitsAround(box.left, box.width, unitWidth, across),
    rows: unitsAround(box.top, box.height, unitHeight, down),
  };
}

/** The fewest bytes that the codes of an image can take: two bits a block, and a marker behind each segment. */
export function leastBytes({ components, restartInterval }: JpegHeader, { across, down }: Geometry): number {
  const units = across * down;
  const blocks = components.reduce((sum, component) => sum + component.across * component.down, 0);
  const segments = restartInterval === 0 ? 1 : Math.ceil(units / restartInterval);
  return (units * blocks) / 4 + 2 * segments;
}

function halvedBy({ across, down }: { across: number; down: number }): Halved | undefined {
  if (across === 1 && down === 1) return "not";
  if (across === 2 && down === 1) return "across";
  return across === 2 && down === 2 ? "both" : undefined;
}

function unitsAround(first: number, length: number, unit: number, units: number): Range {
  return {
    start: Math.max(0, Math.floor((first - reach) / unit)),
    end: Math.min(units, Math.ceil((first + length + reach) / unit)),
  };
}
