// AugMix, Hendrycks et al. 2020, https://arxiv.org/abs/1912.02781: chains of operations, mixed by random weights, and
// the mixture blended with the image. Sums are 32-bit floats and results cut to integers, as NumPy and PIL do it in
// timm.

import type { Rng } from "@vitrine/core";
import type { RawImage } from "../raw-image.ts";
import { type AugmentLook, augment, type Noise } from "./augment.ts";
import { type AugmentName, fullLevel } from "./levels.ts";

export interface AugMix extends AugmentLook {
  op: "augMix";
  transforms: readonly AugmentName[];
  /** 0 … 10 by timm's scales. */
  level: number;
  noise: Noise;
  /** Chains. */
  width: number;
  /** Operations in a chain; 0 draws 1, 2 or 3 for each. */
  depth: number;
  /** Of the Dirichlet distribution of the weights, and of the Beta distribution of the blend. */
  alpha: number;
  /** timm's quicker way: chains are blended into the image one by one. The bytes differ a little. */
  blended: boolean;
}

export function augMix(image: RawImage, op: AugMix, rng: Rng): RawImage {
  const weights = dirichlet(rng, op.alpha, op.width);
  const share = Math.fround(rng.beta(op.alpha, op.alpha));
  const chains = weights.map((_, i) => chain(image, op, rng.fold("chain", i)));
  return op.blended ? mixOneByOne(image, chains, weights, share) : mix(image, chains, weights, share);
}

function chain(image: RawImage, op: AugMix, rng: Rng): RawImage {
  const depth = op.depth > 0 ? op.depth : 1 + rng.int(3);
  let result = image;
  for (let i = 0; i < depth; i++) {
    const name = op.transforms[rng.int(op.transforms.length)]!;
    result = augment(result, [name, 1, op.level], op.noise, fullLevel, op, rng.fold("step", i));
  }
  return result;
}

/** The image blended with the weighted sum of the chains; `share` is that of the sum. Nothing is drawn. */
export function mix(image: RawImage, chains: readonly RawImage[], weights: readonly number[], share: number): RawImage {
  const sums = new Float32Array(image.data.length);
  chains.forEach(({ data }, c) => {
    const weight = Math.fround(weights[c]!);
    const parts = Float32Array.from({ length: 256 }, (_, value) => weight * value);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + parts[data[i]!]!;
  });
  const mixed = new Uint8Array(sums.length);
  for (let i = 0; i < sums.length; i++) mixed[i] = Math.min(255, sums[i]!);
  return blend(image, { ...image, data: mixed }, share);
}

/** As `mix`, without the sum: each chain is blended into what is there, with weights that come to nearly the same. */
export function mixOneByOne(
  image: RawImage,
  chains: readonly RawImage[],
  weights: readonly number[],
  share: number,
): RawImage {
  const factors: number[] = [];
  let rest = 1;
  for (const weight of weights.map((each) => Math.fround(Math.fround(each) * Math.fround(share))).reverse()) {
    const factor = rest === 0 ? 0 : Math.fround(weight / rest);
    rest = Math.fround(rest * Math.fround(1 - factor));
    factors.unshift(factor);
  }
  return chains.reduce((result, each, i) => blend(result, each, factors[i]!), image);
}

/** PIL's Image.blend: `a` at 0, `b` at 1. */
function blend(a: RawImage, b: RawImage, share: number): RawImage {
  const alpha = Math.fround(share);
  if (alpha === 0) return a;
  if (alpha === 1) return b;
  // By difference, -255 … 255.
  const steps = Float32Array.from({ length: 511 }, (_, i) => alpha * (i - 255));
  const data = new Uint8Array(a.data.length);
  for (let i = 0; i < data.length; i++) {
    const from = a.data[i]!;
    data[i] = Math.fround(from + steps[b.data[i]! - from + 255]!);
  }
  return { ...a, data };
}

/** Weights that come to 1, as 32-bit floats. */
export function dirichlet(rng: Rng, alpha: number, count: number): number[] {
  const parts = Array.from({ length: count }, () => rng.gamma(alpha));
  const sum = parts.reduce((total, part) => total + part, 0);
  return parts.map((part) => Math.fround(sum === 0 ? 1 / count : part / sum));
}
