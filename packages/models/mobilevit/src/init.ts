// Initial values as timm's `ByobNet` draws them, for every layer of the network.

import { type Initializer, mapLeaves, normal, type ParamSpec } from "@vitrine/core";

/** Normal, so that a convolution keeps the size of gradients. `to` is the number of output channels of a group. */
export function convInit(kernel: number, to: number): Initializer {
  return normal(Math.sqrt(2 / (kernel * kernel * to)));
}

export const linearInit = normal(0.01);

/** The description of a shared layer with this network's initial values of matrices. */
export function withLinearInit<S extends object>(spec: S): S {
  return mapLeaves<S>(spec, (leaf: ParamSpec) => (leaf.layout === "linear" ? { ...leaf, init: linearInit } : leaf));
}
