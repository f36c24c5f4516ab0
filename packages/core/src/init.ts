// Initial values of parameters, with PyTorch's and timm's formulas. Each draws from the stream it is given.

import type { Rng } from "./rng.ts";

/** Values for a parameter of a shape (in memory: the last dimension is the output of a linear layer or convolution). */
export type Initializer = (shape: readonly number[], rng: Rng) => Float32Array;

const size = (shape: readonly number[]) => shape.reduce((product, d) => product * d, 1);

export const zeros: Initializer = (shape) => new Float32Array(size(shape));
export const ones: Initializer = (shape) => new Float32Array(size(shape)).fill(1);

export function constant(value: number): Initializer {
  return (shape) => new Float32Array(size(shape)).fill(value);
}

export function normal(std: number): Initializer {
  return (shape, rng) => fill(shape, () => std * rng.normal());
}

export function uniform(bound: number): Initializer {
  return (shape, rng) => fill(shape, () => bound * (2 * rng.uniform() - 1));
}

/** Normal cut off at ±2, timm's `trunc_normal_(std=std)`: the bounds are absolute, so for a small std it is a normal. */
export function truncNormal(std: number): Initializer {
  return (shape, rng) =>
    fill(shape, () => {
      let x = std * rng.normal();
      while (Math.abs(x) > 2) x = std * rng.normal();
      return x;
    });
}

/** A loop: `Float32Array.from` with a function takes several times as long, and models have millions of parameters. */
function fill(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(size(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** PyTorch's default for the weights of linear layers and convolutions: uniform within ±1/√fanIn. */
export function fanInUniform(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn));
}
