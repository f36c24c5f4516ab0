// Every size of MIT's EfficientViT in one place, under timm's names.

import type { EfficientVitConfig } from "./model.ts";

const large = { large: true, actLayer: "gelu_tanh", normEps: 1e-7 } as const;

export const sizes = {
  efficientvit_b0: { headDim: 16 },
  efficientvit_b1: {
    headDim: 16,
    widths: [16, 32, 64, 128, 256],
    depths: [1, 2, 3, 3, 4],
    headWidths: [1536, 1600],
  },
  efficientvit_b2: {
    widths: [24, 48, 96, 192, 384],
    depths: [1, 3, 4, 4, 6],
    headWidths: [2304, 2560],
  },
  efficientvit_b3: {
    widths: [32, 64, 128, 256, 512],
    depths: [1, 4, 6, 6, 9],
    headWidths: [2304, 2560],
  },

  efficientvit_l1: {
    ...large,
    widths: [32, 64, 128, 256, 512],
    depths: [1, 1, 1, 6, 6],
    headWidths: [3072, 3200],
  },
  efficientvit_l2: {
    ...large,
    widths: [32, 64, 128, 256, 512],
    depths: [1, 2, 2, 8, 8],
    headWidths: [3072, 3200],
  },
  efficientvit_l3: {
    ...large,
    widths: [64, 128, 256, 512, 1024],
    depths: [1, 2, 2, 8, 8],
    headWidths: [6144, 6400],
  },
} satisfies Record<string, Partial<EfficientVitConfig>>;
