// What a file of ours says of itself, in ONNX' metadata: enough to prepare images and name classes without anything else.

import { type BaseConfig, type Model, type Preprocess, VitrineError } from "@vitrine/core";
import type { InputLayout } from "./forward-graph.ts";
import type { ModelDescription } from "./model-file.ts";
import type { PreprocessMode } from "./preprocess-graph.ts";

export interface OnnxMetadata {
  /** The variant's name, for example `vit_small_patch16_224`. */
  arch?: string;
  family?: string;
  config?: BaseConfig;
  /** Names of the classes in the order of the outputs. */
  classes?: readonly string[];
  preprocess?: Preprocess;
  /** Which part of the preparation the graph does itself. */
  inGraph?: "none" | PreprocessMode;
  /** Order of the axes of a float input. */
  layout?: InputLayout;
  /** Whether the first output is logits or probabilities. */
  output?: "logits" | "probabilities";
}

export function metadataOf(
  model: Model,
  about: { inGraph: "none" | PreprocessMode; layout: InputLayout; softmax: boolean },
): Record<string, string> {
  return {
    arch: model.name,
    family: model.family,
    config: JSON.stringify(model.config),
    ...(model.classes === undefined ? {} : { classes: JSON.stringify(model.classes) }),
    preprocess: JSON.stringify(model.preprocess),
    in_graph: about.inGraph,
    layout: about.inGraph === "none" ? about.layout : "nhwc",
    output: about.softmax ? "probabilities" : "logits",
  };
}

/** The metadata of a file, as far as there is any. @throws VitrineError where an entry of ours is broken. */
export function parseMetadata(path: string, { metadata }: ModelDescription): OnnxMetadata {
  const parse = <T>(key: string): T | undefined => {
    const value = metadata.get(key);
    if (value === undefined) return undefined;
    try {
      return JSON.parse(value) as T;
    } catch (cause) {
      throw new VitrineError(path, `metadata "${key}" is not JSON; export the file again`, { cause });
    }
  };
  const oneOf = <T extends string>(key: string, known: readonly T[]): T | undefined =>
    known.find((value) => value === metadata.get(key));
  const found = {
    arch: metadata.get("arch"),
    family: metadata.get("family"),
    config: parse<BaseConfig>("config"),
    classes: parse<string[]>("classes"),
    preprocess: parse<Preprocess>("preprocess"),
    inGraph: oneOf("in_graph", ["none", "normalize", "full"]),
    layout: oneOf("layout", ["nchw", "nhwc"]),
    output: oneOf("output", ["logits", "probabilities"]),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as OnnxMetadata;
}
