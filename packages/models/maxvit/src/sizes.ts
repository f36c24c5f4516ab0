// Which image sizes a configuration takes. Each stage halves its map; windows, the grid and tables of positions must fit what
// is left, and the two branches of a block must agree about its size.

import { imageSize } from "@vitrine/core";
import {
  type BlockKind,
  blockKinds,
  type MaxViTConfig,
  type PaddingKind,
  type PoolKind,
  partitions,
  refuse,
} from "./config.ts";

const sideNames = ["height", "width"] as const;

/** The side of a map behind a pooling of stride 2. */
export function pooledSide(kind: PoolKind, side: number, padding: PaddingKind): number {
  const whole = padding === "same" || kind === "max" || kind === "avg";
  return whole ? Math.ceil(side / 2) : Math.floor(side / 2);
}

/** The side of a map behind a stride of 2 in a convolution. */
function stridedSide(kernel: number, side: number, padding: PaddingKind): number {
  const around = padding === "same" ? 0 : Math.floor(kernel / 2);
  return padding === "same" ? Math.ceil(side / 2) : Math.floor((side + 2 * around - kernel) / 2) + 1;
}

/** The sides that the shortcut and the other branch of a stage's first block give; alike in a legal configuration. */
function blockSides(c: MaxViTConfig, kind: BlockKind, side: number): [shortcut: number, branch: number] {
  if (kind === "T") {
    const pooled = pooledSide(c.transformerPoolType, side, "");
    return [pooled, pooled];
  }
  const next = c.convBlockType === "convnext";
  const padding = next ? "" : c.convPadding;
  const shortcut = pooledSide(next ? "avg2" : c.convPoolType, side, padding);
  if (c.convStrideMode === "pool") return [shortcut, pooledSide(c.convDownsamplePoolType, side, padding)];
  if (next) return [shortcut, stridedSide(7, side, "")];
  return [shortcut, c.convStrideMode === "1x1" ? Math.ceil(side / 2) : stridedSide(c.convKernelSize, side, padding)];
}

/** The sides of the table of positions of transformer blocks, a stage at a time, for an image's side. */
function tableSides(c: MaxViTConfig, side: number): number[] {
  let table = Math.floor(side / 2);
  return c.depths.map(() => {
    table = Math.ceil(table / 2);
    return table;
  });
}

/** Height and width of the table of positions of a stage's transformer blocks. */
export function tableSize(c: MaxViTConfig, stage: number): [number, number] {
  const [height, width] = imageSize(c).map((side) => tableSides(c, side)[stage]!) as [number, number];
  return [height, width];
}

/** Why a side of an image does not fit, or undefined. `made` is the side that the model is made for. */
function misfit(c: MaxViTConfig, axis: 0 | 1, side: number, made: number): string | undefined {
  const { window, grid } = partitions({ ...c, imgSize: made });
  const tables = tableSides(c, made);
  let map = stridedSide(3, side, c.convPadding);
  for (let stage = 0; stage < c.depths.length; stage++) {
    const kinds = blockKinds(c, stage);
    const [shortcut, branch] = blockSides(c, kinds[0]!, map);
    if (shortcut !== branch) return `an odd side of ${map} ahead of stage ${stage}, which halves it`;
    map = branch;
    if (map < 1) return `nothing left for stage ${stage}`;
    if (kinds.includes("T") && map !== tables[stage])
      return `a map of ${map} and positions for ${tables[stage]} in stage ${stage}`;
    const parts = kinds.some((kind) => kind === "M" || kind === "PM")
      ? [...(c.transformerNoBlockAttn ? [] : [["windows", window] as const]), ["a grid", grid] as const]
      : [];
    for (const [name, size] of parts)
      if (size[axis] < 1 || map % size[axis] !== 0)
        return `a map of ${map}, not divided by ${name} of ${size[axis]}, in stage ${stage}`;
  }
  return undefined;
}

/** @throws VitrineError that names the nearest sizes which fit, where an image of the configuration's size does not. */
export function requireSize(c: MaxViTConfig): void {
  const sides = imageSize(c);
  check(sides, (axis, side) => misfit(c, axis, side, side), "imgSize");
}

/** @throws VitrineError where images are of a size that a model made for `c.imgSize` does not take. */
export function requireImage(c: MaxViTConfig, sides: readonly [number, number]): void {
  const made = imageSize(c);
  if (sides[0] === made[0] && sides[1] === made[1]) return;
  check(sides, (axis, side) => misfit(c, axis, side, made[axis]), "an image", "; or make the model with that imgSize");
}

function check(
  sides: readonly [number, number],
  why: (axis: 0 | 1, side: number) => string | undefined,
  what: string,
  next = "",
): void {
  for (const axis of [0, 1] as const) {
    const reason = why(axis, sides[axis]);
    if (reason === undefined) continue;
    const near = nearest(sides[axis], (side) => why(axis, side) === undefined);
    const fitting = near.length === 0 ? "no side fits" : `sides that fit are ${near.join(" and ")}`;
    const message = `${what} of ${sides.join("x")} gives its ${sideNames[axis]} ${reason}; ${fitting}`;
    throw refuse(message + next);
  }
}

/** The nearest fitting sides below and above, as far as there are any. */
function nearest(side: number, fits: (side: number) => boolean): number[] {
  const span = 4 * Math.max(side, 256);
  const below = Array.from({ length: side - 1 }, (_, i) => side - 1 - i).find(fits);
  const above = Array.from({ length: span }, (_, i) => side + 1 + i).find(fits);
  return [below, above].filter((found) => found !== undefined);
}
