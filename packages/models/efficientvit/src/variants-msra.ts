// Every size of Microsoft's EfficientViT in one place, under timm's names.

import type { EfficientVitMsraConfig } from "./config-msra.ts";

const kernels = [7, 5, 3, 3];

export const sizes = {
  efficientvit_m0: {},
  efficientvit_m1: { embedDim: [128, 144, 192], numHeads: [2, 3, 3], kernels },
  efficientvit_m2: { embedDim: [128, 192, 224], numHeads: [4, 3, 2], kernels },
  efficientvit_m3: { embedDim: [128, 240, 320], numHeads: [4, 3, 4] },
  efficientvit_m4: { embedDim: [128, 256, 384], numHeads: [4, 4, 4], kernels },
  efficientvit_m5: { embedDim: [192, 288, 384], depth: [1, 3, 4], numHeads: [3, 3, 4], kernels },
} satisfies Record<string, Partial<EfficientVitMsraConfig>>;
