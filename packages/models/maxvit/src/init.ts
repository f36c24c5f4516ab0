// Initial values by timm's `weight_init`. Fans are read off the shape in memory, whose last two dimensions are input and
// output; vectors are biases.

import { fanInUniform, type Initializer, normal, truncNormal, uniform, zeros } from "@vitrine/core";
import type { MaxViTConfig } from "./config.ts";

type Scheme = MaxViTConfig["weightInit"];

const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * size, 1);

function fans(shape: readonly number[]): { pixels: number; from: number; to: number } {
  const [from, to] = shape.slice(-2) as [number, number];
  return { pixels: product(shape.slice(0, -2)), from, to };
}

/** Truncated at two deviations. */
const truncated: Initializer = (shape, rng) => truncNormal(1)(shape, rng).map((value) => 0.02 * value);

function common(scheme: Exclude<Scheme, "vit_eff">, shape: readonly number[], fanIn: number): Initializer {
  if (scheme === "") return fanInUniform(fanIn);
  if (shape.length === 1) return zeros;
  if (scheme === "normal") return normal(0.02);
  if (scheme === "trunc_normal") return truncated;
  const { pixels, from, to } = fans(shape);
  return normal(Math.sqrt(2 / (pixels * (from + to))));
}

/** Convolutions; by default as in EfficientNet, by the fan-out of a group. `fanIn` is that of the weight. */
export function convInit(scheme: Scheme, fanIn: number, groups = 1): Initializer {
  return (shape, rng) => {
    if (scheme !== "vit_eff") return common(scheme, shape, fanIn)(shape, rng);
    if (shape.length === 1) return zeros(shape, rng);
    const { pixels, to } = fans(shape);
    return normal(Math.sqrt(2 / Math.floor((pixels * to) / groups)))(shape, rng);
  };
}

/** Layers of transformer blocks; by default as in ViT, with a little noise in the biases of perceptrons. */
export function transformerInit(scheme: Scheme, fanIn: number, perceptron = false): Initializer {
  return (shape, rng) => {
    if (scheme !== "vit_eff") return common(scheme, shape, fanIn)(shape, rng);
    if (shape.length === 1) return (perceptron ? normal(1e-6) : zeros)(shape, rng);
    const { pixels, from, to } = fans(shape);
    return uniform(Math.sqrt(6 / (pixels * (from + to))))(shape, rng);
  };
}
