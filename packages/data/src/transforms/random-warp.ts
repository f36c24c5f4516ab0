// Random rotation, affine maps and perspective with torchvision's draws and matrices (RandomRotation, RandomAffine,
// RandomPerspective on PIL images).

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { happens } from "./chance.ts";
import { between } from "./color.ts";
import { roundHalfEven } from "./crop.ts";
import { rotate } from "./rotate.ts";
import { affine, perspective, type WarpInterpolation } from "./warp.ts";

interface Warped {
  interpolation: WarpInterpolation;
  /** What lies outside of the image: 0 … 255, one number or one a channel. */
  fill: readonly number[];
}

/** Turned by an angle drawn evenly. */
export interface RandomRotation extends Warped {
  op: "rotation";
  /** Smallest and largest angle, counter-clockwise. */
  degrees: readonly [number, number];
  /** The result is as large as the turned image. */
  expand?: boolean;
  /** [x, y] in pixels (the middle). */
  center?: readonly [number, number];
}

/** Turned, moved, scaled and sheared by amounts drawn evenly. */
export interface RandomAffine extends Warped {
  op: "affine";
  /** Smallest and largest angle, clockwise. */
  degrees: readonly [number, number];
  /** Largest shift to either side, as shares of width and height. */
  translate?: readonly [number, number];
  scale?: readonly [number, number];
  /** Degrees: [lowest, highest] along x, or that and the same along y. */
  shear?: readonly [number, number] | readonly [number, number, number, number];
  /** [x, y] in pixels (the middle). */
  center?: readonly [number, number];
}

/** Seen from aside: each corner moves inwards by up to `distortion` of half the edge. */
export interface RandomPerspective extends Warped {
  op: "perspective";
  /** 0 … 1 (torchvision: 0.5). */
  distortion: number;
  p: number;
}

/** A position in pixels. */
export type Point = readonly [x: number, y: number];

export function randomRotation(image: RawImage, op: RandomRotation, rng: Rng): RawImage {
  const { interpolation, fill, expand, center } = op;
  return rotate(image, between(rng, ...op.degrees), {
    interpolation,
    fill,
    ...(expand === undefined ? {} : { expand }),
    ...(center === undefined ? {} : { center }),
  });
}

export function randomAffine(image: RawImage, op: RandomAffine, rng: Rng): RawImage {
  const { width, height } = image;
  const { angle, shift, scale, shear } = drawAffine(op, image, rng);
  const center = op.center ?? [width * 0.5, height * 0.5];
  return affine(image, affineMatrix(center, angle, shift, scale, shear), op);
}

/** Angles in degrees, shifts in whole pixels. */
export function drawAffine(
  op: Pick<RandomAffine, "degrees" | "translate" | "scale" | "shear">,
  { width, height }: { width: number; height: number },
  rng: Rng,
): { angle: number; shift: Point; scale: number; shear: Point } {
  const { translate = [0, 0], scale = [1, 1], shear = [0, 0] } = op;
  const upTo = (most: number) => roundHalfEven(between(rng, -most, most));
  // All are drawn even if unused, so that one more leaves the others alone.
  const angle = between(rng, ...op.degrees);
  const shift: Point = [upTo(translate[0] * width), upTo(translate[1] * height)];
  const factor = between(rng, ...scale);
  const sheared: Point = [between(rng, shear[0], shear[1]), between(rng, shear[2] ?? 0, shear[3] ?? 0)];
  return { angle, shift, scale: factor, shear: sheared };
}

/** From output to input pixels: torchvision's inverse of T · C · R(angle) · scale · shear · C⁻¹. Angles in degrees. */
export function affineMatrix(
  [cx, cy]: Point,
  angle: number,
  [tx, ty]: Point,
  scale: number,
  shear: Point,
): [number, number, number, number, number, number] {
  const rotation = radians(angle);
  const [sx, sy] = [radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rotation - sy) / Math.cos(sy);
  const b = (-Math.cos(rotation - sy) * Math.tan(sx)) / Math.cos(sy) - Math.sin(rotation);
  const c = Math.sin(rotation - sy) / Math.cos(sy);
  const d = (-Math.sin(rotation - sy) * Math.tan(sx)) / Math.cos(sy) + Math.cos(rotation);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  return [m0, m1, m0 * (-cx - tx) + m1 * (-cy - ty) + cx, m3, m4, m3 * (-cx - tx) + m4 * (-cy - ty) + cy];
}

export function randomPerspective(image: RawImage, op: RandomPerspective, random: () => Rng): RawImage {
  if (!happens(op.p, random)) return image;
  const { width, height } = image;
  const corners = drawCorners(width, height, op.distortion, random().fold("corners"));
  const coefficients = perspectiveCoefficients(cornersOf(width, height), corners);
  return coefficients === undefined ? image : perspective(image, coefficients, op);
}

/** Where the corners go, from the upper left one clockwise: inwards by whole pixels. */
export function drawCorners(width: number, height: number, distortion: number, rng: Rng): readonly Point[] {
  const mostX = Math.trunc(distortion * (width >> 1));
  const mostY = Math.trunc(distortion * (height >> 1));
  const near = (most: number) => rng.int(most + 1);
  const far = (edge: number, most: number) => edge - 1 - most + rng.int(most + 1);
  return [
    [near(mostX), near(mostY)],
    [far(width, mostX), near(mostY)],
    [far(width, mostX), far(height, mostY)],
    [near(mostX), far(height, mostY)],
  ];
}

type Coefficients = [number, number, number, number, number, number, number, number];

/**
 * The eight numbers that take a point of the output to the input, so that `from[i]` is seen at `to[i]`, as 32-bit floats; undefined
 * where three of the corners lie on one line.
 */
export function perspectiveCoefficients(from: readonly Point[], to: readonly Point[]): Coefficients | undefined {
  const rows: number[][] = [];
  to.forEach(([x, y], i) => {
    const [u, v] = from[i]!;
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  });
  return solve(rows)?.map(Math.fround) as Coefficients | undefined;
}

function cornersOf(width: number, height: number): Point[] {
  return [
    [0, 0],
    [width - 1, 0],
    [width - 1, height - 1],
    [0, height - 1],
  ];
}

/** Gauss' elimination with pivots; the last column is the right-hand side. */
function solve(rows: number[][]): number[] | undefined {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let r = k + 1; r < n; r++) if (Math.abs(rows[r]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = r;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const top = rows[k]!;
    if (Math.abs(top[k]!) < 1e-9) return undefined;
    for (let r = 0; r < n; r++) {
      if (r === k) continue;
      const factor = rows[r]![k]! / top[k]!;
      for (let c = k; c <= n; c++) rows[r]![c] = rows[r]![c]! - factor * top[c]!;
    }
  }
  return rows.map((row, k) => row[n]! / row[k]!);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
