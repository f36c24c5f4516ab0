// A small model for tests: patches, one attention block with dropout, and a batch norm, so that a step has a convolution's
// layout, decayed and undecayed parameters, randomness and running statistics to deal with.

import { createModel, defineFamily, dropPath, type Model, type Spec, scope, tf } from "@vitrine/core";
import {
  type Attention,
  attention,
  attentionSpec,
  type BatchNorm,
  batchNorm,
  batchNormSpec,
  type LayerNorm,
  type Linear,
  layerNorm,
  layerNormSpec,
  linear,
  linearSpec,
  type PatchEmbed,
  patchEmbed,
  patchEmbedSpec,
} from "@vitrine/core/layers";

interface TinyConfig {
  numClasses: number;
  imgSize: number;
  inChans: number;
  dropPathRate: number;
}

interface Tiny {
  patch_embed: PatchEmbed;
  norm: LayerNorm;
  attn: Attention;
  bn: BatchNorm;
  head: Linear;
}

export const tiny = defineFamily({
  name: "tiny",
  title: "A small model for tests",
  paper: "",
  defaults: { numClasses: 4, imgSize: 8, inChans: 3, dropPathRate: 0 } as TinyConfig,
  variants: {
    tiny: {
      config: {},
      preparation: {
        mean: [0.5, 0.4, 0.3],
        std: [0.2, 0.3, 0.4],
        cropPct: 1,
        cropMode: "center",
        interpolation: "bilinear",
      },
      pretrained: [],
    },
  },
  classifier: ["head"],
  spec: (c: TinyConfig): Spec<Tiny> => ({
    patch_embed: patchEmbedSpec(4, c.inChans, 12),
    norm: layerNormSpec(12),
    attn: attentionSpec(12, 3),
    bn: batchNormSpec(12),
    head: linearSpec(12, c.numClasses),
  }),
  features(c, p: Tiny, images, mode) {
    const x = patchEmbed(p.patch_embed, images);
    const branch = attention(p.attn, layerNorm(p.norm, x), scope(mode, "attn"), { heads: 3 });
    return tf.add(x, dropPath(branch, c.dropPathRate, scope(mode, "drop")));
  },
  head(_c, p: Tiny, features, mode) {
    const pooled = tf.mean(features, 1) as tf.Tensor2D;
    return linear(p.head, batchNorm(p.bn, pooled, scope(mode, "bn")));
  },
  depth: (_c, path) => (path.startsWith("patch_embed") ? 0 : path.startsWith("head") ? 2 : 1),
});

export function tinyModel(options: Partial<TinyConfig> = {}): Model {
  return createModel(tiny, "tiny", { ...options, seed: 3 }) as unknown as Model;
}
