// Random rotation, affine maps and perspective with torchvision's draws and matrices (RandomRotation, RandomAffine,
// RandomPerspective on PIL images).

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { happens } from "./chance.ts";
import { between } from "./color.ts";
import { roundHalfEven } from "./crop.ts";
import { affineMatrix, type Corners, perspectiveCoefficients } from "./matrices.ts";
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
type Point = readonly [x: number, y: number];

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
  const { center } = op;
  const parts = { ...drawAffine(op, image, rng), ...(center === undefined ? {} : { center }) };
  return affine(image, affineMatrix(width, height, parts), op);
}

/** Angles in degrees, shifts in whole pixels. */
export function drawAffine(
  op: Pick<RandomAffine, "degrees" | "translate" | "scale" | "shear">,
  { width, height }: { width: number; height: number },
  rng: Rng,
): { angle: number; translate: Point; scale: number; shear: Point } {
  const { translate: most = [0, 0], scale = [1, 1], shear = [0, 0] } = op;
  const upTo = (limit: number) => roundHalfEven(between(rng, -limit, limit));
  // All are drawn even if unused, so that one more leaves the others alone.
  const angle = between(rng, ...op.degrees);
  const translate: Point = [upTo(most[0] * width), upTo(most[1] * height)];
  const factor = between(rng, ...scale);
  const sheared: Point = [between(rng, shear[0], shear[1]), between(rng, shear[2] ?? 0, shear[3] ?? 0)];
  return { angle, translate, scale: factor, shear: sheared };
}

export function randomPerspective(image: RawImage, op: RandomPerspective, random: () => Rng): RawImage {
  if (!happens(op.p, random)) return image;
  const { width, height } = image;
  const edges: Corners = [
    [0, 0],
    [width - 1, 0],
    [width - 1, height - 1],
    [0, height - 1],
  ];
  const corners = drawCorners(width, height, op.distortion, random().fold("corners"));
  if (!spanAnArea(edges) || !spanAnArea(corners)) return image;
  return perspective(image, perspectiveCoefficients(edges, corners), op);
}

/** Where the corners go, from the upper left one clockwise: inwards by whole pixels. */
export function drawCorners(width: number, height: number, distortion: number, rng: Rng): Corners {
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

/** False where three corners lie on a line, as they may in images of a few pixels: no map shows an image there. */
function spanAnArea(corners: Corners): boolean {
  return [0, 1, 2, 3].every((skipped) => {
    const [a, b, c] = corners.filter((_, i) => i !== skipped) as [Point, Point, Point];
    return (b[0] - a[0]) * (c[1] - a[1]) !== (b[1] - a[1]) * (c[0] - a[0]);
  });
}
