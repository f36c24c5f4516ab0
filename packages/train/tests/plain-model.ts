// A model without running statistics or randomness: what it does to a batch is the mean of what it does to its parts.

import { createModel, defineFamily, gelu, type Model, type Spec, tf } from "@vitrine/core";
import {
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

interface Plain {
  patch_embed: PatchEmbed;
  norm: LayerNorm;
  head: Linear;
}

type Config = { numClasses: number; imgSize: number; inChans: number };

const plain = defineFamily({
  name: "plain",
  title: "A small model for tests",
  paper: "",
  defaults: { numClasses: 4, imgSize: 8, inChans: 3 } as Config,
  variants: {
    plain: {
      config: {},
      preparation: {
        ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], cropPct: 1 },
        ...{ cropMode: "center", interpolation: "bilinear" },
      } as const,
      pretrained: [],
    },
  },
  classifier: ["head"],
  spec: (c: Config): Spec<Plain> => ({
    patch_embed: patchEmbedSpec(4, c.inChans, 12),
    norm: layerNormSpec(12),
    head: linearSpec(12, c.numClasses),
  }),
  features: (_c, p: Plain, images) => layerNorm(p.norm, gelu(patchEmbed(p.patch_embed, images))),
  head: (_c, p: Plain, features) => linear(p.head, tf.mean(features, 1) as tf.Tensor2D),
  depth: (_c, path) => (path.startsWith("patch_embed") ? 0 : 1),
});

export function plainModel(): Model {
  return createModel(plain, "plain", { seed: 3 }) as unknown as Model;
}
