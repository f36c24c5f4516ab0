// The two Gaussian blurs of training recipes: PIL's, three passes of a box, and torchvision's, a kernel. All channels
// are blurred, alpha too, as both do it.

import { VitrineError } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { type BoxWeights, boxBlurFast, boxBlurPlainly, passes } from "./box-blur.ts";

/**
 * PIL's ImageFilter.GaussianBlur with its bytes: three passes of a box whose ends count in part (Gwosdek et al. 2011,
 * https://www.mia.uni-saarland.de/Publications/gwosdek-ssvm11.pdf). `radius`: the standard deviation in pixels.
 */
export function gaussianBlur(image: RawImage, radius: number): RawImage {
  if (!(radius >= 0 && radius < 2 ** 24)) {
    throw new VitrineError("gaussianBlur", `expected a radius of 0 or more, found ${radius}`, { usage: true });
  }
  const box = boxOf(radius);
  if (radius === 0 || image.data.length === 0) return image;
  return boxBlurFast(image, box) ?? boxBlurPlainly(image, box);
}

/** In single precision where PIL has it. */
function boxOf(deviation: number): BoxWeights {
  const variance = f32(f32(f32(deviation) * f32(deviation)) / passes);
  const length = f32(Math.sqrt(12 * variance + 1));
  const l = Math.floor((length - 1) / 2);
  const above = f32(f32(2 * l + 1) * f32(f32(l * (l + 1)) - f32(3 * variance)));
  const below = f32(6 * f32(variance - f32((l + 1) * (l + 1))));
  const radius = f32(l + f32(above / below));
  const reach = Math.trunc(radius);
  const whole = Math.trunc(f32(2 ** 24 / f32(f32(radius * 2) + 1)));
  return { reach, whole, end: Math.floor((2 ** 24 - (reach * 2 + 1) * whole) / 2) };
}

const f32 = Math.fround;

/**
 * torchvision's `gaussian_blur`: a kernel of `kernelSize` pixels with deviation `sigma`, rounded at the end; the image is
 * mirrored at its edges, which are not repeated. One number for both axes, or [x, y]. Sizes are odd, sigmas above 0.
 */
export function gaussianKernelBlur(
  image: RawImage,
  kernelSize: number | readonly [number, number],
  sigma: number | readonly [number, number],
): RawImage {
  const [sizeX, sizeY] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
  const [sigmaX, sigmaY] = typeof sigma === "number" ? [sigma, sigma] : sigma;
  const { data, width, height, channels } = image;
  const kernelX = gaussianKernel(sizeX, sigmaX);
  const kernelY = gaussianKernel(sizeY, sigmaY);
  const stride = width * channels;
  const out = new Uint8ClampedArray(data.length);
  const between = new Float64Array(stride);
  const reachX = sizeX >> 1;
  const line = new Float64Array((width + 2 * reachX) * channels);
  const columns = Int32Array.from({ length: width + 2 * reachX }, (_, x) => mirrored(x - reachX, width) * channels);
  for (let y = 0; y < height; y++) {
    between.fill(0);
    for (let k = 0; k < sizeY; k++) {
      const weight = kernelY[k]!;
      const row = mirrored(y + k - (sizeY >> 1), height) * stride;
      for (let i = 0; i < stride; i++) between[i] = between[i]! + weight * data[row + i]!;
    }
    for (let x = 0, t = 0; x < columns.length; x++) {
      for (let c = 0; c < channels; c++) line[t++] = between[columns[x]! + c]!;
    }
    const target = y * stride;
    for (let i = 0; i < stride; i++) {
      let sum = 0;
      for (let k = 0, s = i; k < sizeX; k++, s += channels) sum += kernelX[k]! * line[s]!;
      out[target + i] = sum; // rounds, halves to even, as torch does
    }
  }
  return { ...image, data: new Uint8Array(out.buffer) };
}

/** Weights that add up to 1. */
function gaussianKernel(size: number, sigma: number): Float32Array {
  if (!(Number.isInteger(size) && size % 2 === 1 && size > 0 && sigma > 0)) {
    const found = `size ${size} and sigma ${sigma}`;
    throw new VitrineError("gaussianKernelBlur", `expected an odd size and a sigma above 0, found ${found}`, {
      usage: true,
    });
  }
  const weights = Float32Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The position that mirrors at both ends show; also for an image smaller than the kernel, which torch refuses. */
function mirrored(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((position % period) + period) % period;
  return within < length ? within : period - within;
}
