// Where random crops lie.

import type { Rng } from "@vitrine/core";
import { between } from "./color.ts";
import { roundHalfEven } from "./crop.ts";
import type { Box } from "./resample.ts";

/**
 * The box of torchvision's RandomResizedCrop (Szegedy et al. 2014, https://arxiv.org/abs/1409.4842): `scale` times the area, an
 * aspect drawn evenly in its logarithm. After ten boxes that do not fit, the largest box in the middle with an allowed aspect.
 */
export function randomResizedBox(
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  rng: Rng,
): Box {
  const area = width * height;
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * between(rng, scale[0], scale[1]);
    const aspect = Math.exp(between(rng, Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(target * aspect));
    const h = roundHalfEven(Math.sqrt(target / aspect));
    if (w > 0 && h > 0 && w <= width && h <= height) {
      const top = rng.int(height - h + 1);
      const left = rng.int(width - w + 1);
      return { left, top, width: w, height: h };
    }
  }
  const aspect = width / height;
  const h = aspect < ratio[0] ? Math.min(height, Math.max(1, roundHalfEven(width / ratio[0]))) : height;
  const w = aspect > ratio[1] ? Math.min(width, Math.max(1, roundHalfEven(height * ratio[1]))) : width;
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}
