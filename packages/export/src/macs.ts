// Multiply-adds of a model, counted from its traced graph: matrix products and convolutions at batch 1, as papers do.

import {
  type BaseConfig,
  configure,
  type Family,
  imageSize,
  inference,
  type Model,
  mapLeaves,
  type ParamSpec,
  sizeOf,
  specLeaves,
  tf,
} from "@vitrine/core";
import { backendName, type Graph, trace, useOnnx } from "@vitrine/onnx";

/** What is counted of a model: it needs no parameters, so a family bound to a configuration is enough. */
export type MacTarget = Pick<Model, "config" | "spec" | "features" | "head">;

/**
 * Multiply-adds of one image of height and width `size`, for all tokens through all layers (the trainer and the exporter
 * leave out what the class token does not need, so they do a little less). Allocates no parameters.
 */
export async function countMacs(
  model: MacTarget,
  size: readonly [number, number] = imageSize(model.config),
): Promise<number> {
  const before = tf.getBackend() as string | undefined;
  if (before !== backendName) await useOnnx();
  try {
    return macsOf(forward(model, size));
  } finally {
    // There may have been none yet.
    if (before !== undefined && before !== backendName) await tf.setBackend(before);
  }
}

/** Multiply-adds of a variant with options, without making it. */
export async function countVariantMacs<C extends BaseConfig>(
  family: Family<C, object>,
  name: string,
  options: object = {},
): Promise<number> {
  const config = configure(family, name, options);
  return countMacs({
    config,
    spec: family.spec(config),
    features: (images, mode = inference, params = {}) => family.features(config, params, images, mode),
    head: (features, mode = inference, options = {}, params = {}) =>
      family.head(config, params, features, mode, options),
  });
}

function forward(model: MacTarget, [height, width]: readonly [number, number]): Graph {
  const spec = model.spec as object;
  const images = { name: "images", shape: [1, height, width, model.config.inChans] };
  // Parameters as inputs: shapes are all that counting needs.
  const parameters = specLeaves(spec).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  return trace(
    (x, ...tensors) => {
      let next = 0;
      const params = mapLeaves<object>(spec, (_leaf: ParamSpec) => tensors[next++]);
      const features = model.features(x as tf.Tensor4D, inference, params);
      return [{ name: "logits", tensor: model.head(features, inference, {}, params) }];
    },
    [images, ...parameters],
    { portable: true },
  );
}

function macsOf(graph: Graph): number {
  let total = 0;
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const made = sizeOf(outputs[0]!.shape);
    const shape = (i: number) => inputs[i]!.shape;
    if (op === "MatMul") total += made * shape(0).at(-1)!;
    else if (op === "Gemm") total += made * shape(0)[attributes.transA === 1 ? 0 : 1]!;
    // A filter is [out, in / groups, height, width].
    else if (op === "Conv") total += made * sizeOf(shape(1).slice(1));
    else if (op === "ConvTranspose") total += sizeOf(shape(0)) * sizeOf(shape(1).slice(1));
  }
  return total;
}
