// Every size in one place, under the authors' names. What a row leaves out is the smallest model.

import type { CasVitConfig } from "./model.ts";

const layers = [3, 3, 6, 3];

export const sizes = {
  rcvit_xs: {},
  rcvit_s: { layers, embedDims: [48, 64, 128, 256] },
  rcvit_m: { layers, embedDims: [64, 96, 192, 384] },
  rcvit_t: { layers, embedDims: [96, 128, 256, 512] },
} satisfies Record<string, Partial<CasVitConfig>>;
