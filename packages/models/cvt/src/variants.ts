// Every size in one place. What a row leaves out is CvT-13: 64, 192 and 384 wide, 1, 2 and 10 layers, images of 224.

import type { CvTConfig } from "./model.ts";

const deep = { depth: [1, 4, 16] };
const wide = { embedDim: [192, 768, 1024], numHeads: [3, 12, 16], depth: [2, 2, 20] };
const large = { imgSize: 384 };

export const sizes = {
  cvt_13: {},
  cvt_13_384: { ...large },
  cvt_21: { ...deep },
  cvt_21_384: { ...deep, ...large },
  cvt_w24: { ...wide },
  cvt_w24_384: { ...wide, ...large },
} satisfies Record<string, Partial<CvTConfig>>;
