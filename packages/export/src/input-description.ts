// How images are fed to a file: what its metadata says, or what the shape of its input shows.

import { type Preprocess, VitrineError } from "@vitrine/core";
import type { InputLayout } from "./forward-graph.ts";
import type { OnnxMetadata } from "./metadata.ts";
import type { ModelDescription } from "./model-file.ts";

export interface InputDescription {
  name: string;
  dtype: "float32" | "uint8";
  layout: InputLayout;
  inGraph: "none" | "normalize" | "full";
  /** The number of images in a batch, where it is fixed. */
  batch: number | undefined;
  /** Known wherever anything has to be done before feeding. */
  preprocess: Preprocess | undefined;
}

export function describeInput(
  path: string,
  { inputs }: ModelDescription,
  metadata: OnnxMetadata,
  given: Preprocess | undefined,
): InputDescription {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0 || input.shape.length !== 4) {
    const found = inputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join("; ") || "none";
    throw new VitrineError(path, `expected one input of images with 4 dimensions, found ${found}`);
  }
  const { name, dtype, shape } = input;
  if (dtype !== "float32" && dtype !== "uint8")
    throw new VitrineError(path, `expected an input of float32 or uint8, found ${name} of ${dtype}`);
  const layout = metadata.layout ?? layoutOf(path, shape);
  const inGraph = metadata.inGraph ?? (dtype === "uint8" ? "normalize" : "none");
  const preprocess = given ?? metadata.preprocess;
  if (preprocess === undefined && inGraph !== "full")
    throw new VitrineError(path, "does not say how its images are prepared; give the `preprocess` option", {
      usage: true,
    });
  const batch = typeof shape[0] === "number" && shape[0] > 0 ? shape[0] : undefined;
  return { name, dtype, layout, inGraph, batch, preprocess };
}

function layoutOf(path: string, shape: readonly (number | string)[]): InputLayout {
  const isChannels = (d: number | string | undefined) => d === 1 || d === 3 || d === 4;
  if (isChannels(shape[1])) return "nchw";
  if (isChannels(shape[3])) return "nhwc";
  throw new VitrineError(path, `cannot tell which axis of [${shape.join(", ")}] holds the channels`);
}
