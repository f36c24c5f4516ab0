// torchvision's ways to say what a map does, as the numbers that `affine` and `perspective` take.

import { VitrineError } from "@vitrine/core";
import type { AffineMatrix, PerspectiveCoefficients } from "./warp.ts";

/** What torchvision's `affine` does to an image, in this order: shear, scale, rotation (clockwise), translation. */
export interface AffineParts {
  /** Degrees, clockwise. (0) */
  angle?: number;
  /** Pixels to the right and down. ([0, 0]) */
  translate?: readonly [x: number, y: number];
  /** (1) */
  scale?: number;
  /** Degrees along x and y. ([0, 0]) */
  shear?: readonly [x: number, y: number];
  /** The point that stays, in pixels from the upper left corner. (the middle) */
  center?: readonly [x: number, y: number];
}

/** The map from the output to the input, for an image of `width` x `height`. */
export function affineMatrix(width: number, height: number, parts: AffineParts): AffineMatrix {
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], center = [width * 0.5, height * 0.5] } = parts;
  if (!(scale > 0)) {
    throw new VitrineError("affineMatrix", `expected a scale above 0, found ${scale}`, { usage: true });
  }
  const rotation = radians(angle);
  const [shearX, shearY] = [radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rotation - shearY) / Math.cos(shearY);
  const b = (-Math.cos(rotation - shearY) * Math.tan(shearX)) / Math.cos(shearY) - Math.sin(rotation);
  const c = Math.sin(rotation - shearY) / Math.cos(shearY);
  const d = (-Math.sin(rotation - shearY) * Math.tan(shearX)) / Math.cos(shearY) + Math.cos(rotation);
  // The inverse of [a b; c d] without its determinant, which is 1.
  const inverse = [d / scale, -b / scale, -c / scale, a / scale] as const;
  const [x, y] = [-center[0] - translate[0], -center[1] - translate[1]];
  return [
    inverse[0],
    inverse[1],
    inverse[0] * x + inverse[1] * y + center[0],
    inverse[2],
    inverse[3],
    inverse[2] * x + inverse[3] * y + center[1],
  ];
}

/** Four corners: upper left, upper right, lower right, lower left. */
export type Corners = readonly [Point, Point, Point, Point];
type Point = readonly [x: number, y: number];

/** The map that shows the input's corners `from` at the output's corners `to`, in single precision as torchvision's. */
export function perspectiveCoefficients(from: Corners, to: Corners): PerspectiveCoefficients {
  const rows: number[][] = [];
  for (let i = 0; i < 4; i++) {
    const [x, y] = to[i]!;
    const [u, v] = from[i]!;
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  }
  const solution = solve(rows);
  if (solution === undefined) {
    const found = to.map(([x, y]) => `(${x}, ${y})`).join(" ");
    throw new VitrineError("perspectiveCoefficients", `expected four corners, no three on a line, found ${found}`);
  }
  return solution.map(Math.fround) as readonly number[] as PerspectiveCoefficients;
}

/** Gauss's elimination with the largest pivots; the right side is the last column. Undefined without a single answer. */
function solve(rows: number[][]): number[] | undefined {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let r = column + 1; r < n; r++) {
      if (Math.abs(rows[r]![column]!) > Math.abs(rows[best]![column]!)) best = r;
    }
    const pivot = rows[best]!;
    if (!(Math.abs(pivot[column]!) > 1e-9)) return undefined;
    rows[best] = rows[column]!;
    rows[column] = pivot;
    for (let r = 0; r < n; r++) {
      const row = rows[r]!;
      if (r === column) continue;
      const factor = row[column]! / pivot[column]!;
      for (let c = column; c <= n; c++) row[c] = row[c]! - factor * pivot[c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180);
}
