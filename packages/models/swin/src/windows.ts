// Which windows each stage is cut into, as timm decides it from the arguments, and how they follow an image of another size.

import { VitrineError } from "@vitrine/core";
import type { Grid } from "@vitrine/core/layers";

/** A side for squares, or height and width. */
export type Size = number | Grid;

/** One window for all stages, or one a stage. Two numbers are always a height and a width. */
export type WindowSize = Size | readonly Size[];

export function pair(size: Size): Grid {
  return typeof size === "number" ? [size, size] : size;
}

/** A value for each stage, from one for all or one a stage. */
export function perStage<T extends number | null>(name: string, value: T | readonly T[], stages: number): readonly T[] {
  const values = Array.isArray(value) ? (value as readonly T[]) : Array.from({ length: stages }, () => value as T);
  if (values.length !== stages) throw refuse(`${name}: one for each of the ${stages} stages, found ${values.length}`);
  return values;
}

/** The window of each stage. @throws VitrineError where their number is another than that of the stages. */
export function stageWindows(windowSize: WindowSize, stages: number): Grid[] {
  const isPair = Array.isArray(windowSize) && windowSize.length === 2 && typeof windowSize[0] === "number";
  const list =
    typeof windowSize === "number" || isPair
      ? Array.from({ length: stages }, () => windowSize as Size)
      : (windowSize as readonly Size[]);
  if (list.length !== stages)
    throw refuse(`windowSize: one window, or one for each of the ${stages} stages; found ${list.length}`);
  const windows = list.map(pair);
  for (const side of windows.flat())
    if (!Number.isInteger(side) || side < 1) throw refuse(`windowSize must be whole and positive, found ${side}`);
  return windows;
}

/** Windows that are a part of the grid of patches: its sides divided by each stage's ratio. */
export function windowsByRatio(grid: Grid, windowRatio: number | readonly number[], stages: number): Grid[] {
  const whole = (ratio: number) => Number.isInteger(ratio) && ratio > 0;
  const ratios = perStage("windowRatio", windowRatio, stages);
  if (!ratios.every(whole)) throw refuse(`windowRatio must be whole and positive, found ${ratios.join(", ")}`);
  return ratios.map((ratio) => [Math.max(1, Math.floor(grid[0] / ratio)), Math.max(1, Math.floor(grid[1] / ratio))]);
}

/** Windows that keep their part of the grid when it changes, as timm's `set_input_size` scales them. */
export function scaledWindows(windows: readonly Grid[], from: Grid, to: Grid): Grid[] {
  const scaled = (side: number, axis: 0 | 1) => Math.max(1, Math.floor((side * to[axis]) / from[axis]));
  return windows.map(([h, w]) => [scaled(h, 0), scaled(w, 1)]);
}

/** What attention in a block looks at: its window, and by how much windows are shifted against the block before. */
export interface BlockWindow {
  window: Grid;
  shift: Grid;
}

/** A window no larger than the map, and no shift along an axis that one window covers; but for `alwaysPartition`. */
export function blockWindow(target: Grid, map: Grid, shifted: boolean, alwaysPartition: boolean): BlockWindow {
  const half = (side: number) => (shifted ? Math.floor(side / 2) : 0);
  const [h, w] = target;
  if (alwaysPartition) return { window: target, shift: [half(h), half(w)] };
  return {
    window: [Math.min(h, map[0]), Math.min(w, map[1])],
    shift: [map[0] <= h ? 0 : half(h), map[1] <= w ? 0 : half(w)],
  };
}

export function refuse(message: string): VitrineError {
  return new VitrineError("swin", message, { usage: true });
}
