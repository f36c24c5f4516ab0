// Every size in one place, under the authors' names.

import type { EfficientModConfig } from "./model.ts";

/** What all sizes share: overlapping patches, layer scale, contexts of 7x7 pixels. */
const base = {
  patchSize: [7, 3, 3, 3],
  patchPad: [3, 1, 1, 1],
  useLayerscale: true,
  contextSize: [7, 7, 7, 7],
};

/** Blocks of the stage's width and wider ones take turns; a context is repeated as often as its block is wider. */
function turns(depths: readonly number[], wide: number) {
  const ratios = depths.map((depth) => Array.from({ length: depth }, (_, i) => (i % 2 === 0 ? 1 : wide)));
  return { depths, mlpRatio: ratios, convGroupDim: ratios };
}

export const sizes = {
  efficientMod_xxs: {
    ...base,
    ...turns([2, 2, 6, 2], 6),
    embedDim: [32, 64, 128, 256],
    attentionDepth: [0, 0, 1, 2],
  },
  efficientMod_xs: {
    ...base,
    ...turns([3, 3, 4, 2], 4),
    embedDim: [32, 64, 144, 288],
    attentionDepth: [0, 0, 3, 3],
  },
  efficientMod_s: {
    ...base,
    ...turns([4, 4, 8, 4], 6),
    embedDim: [32, 64, 144, 312],
    attentionDepth: [0, 0, 4, 4],
    attRatio: [4, 4, 4, 5],
    dropPathRate: 0.02,
  },
  efficientMod_s_Conv: {
    ...base,
    ...turns([4, 4, 12, 8], 6),
    embedDim: [40, 80, 160, 344],
    dropPathRate: 0.02,
  },
} satisfies Record<string, Partial<EfficientModConfig>>;
