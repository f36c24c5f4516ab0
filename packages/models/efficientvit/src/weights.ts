// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and the preparation of its family.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

type Rows = Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>>;

/** How most images of MIT's models are prepared. */
export const preparation: Preparation = {
  cropPct: 0.95,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

/** How images of Microsoft's models are prepared. */
export const preparationMsra: Preparation = { ...preparation, cropPct: 0.875 };

const whole = { cropPct: 1 };
const at = (imgSize: number) => ({ ...whole, imgSize });
const mit = { license: "mit" };

export const weights: Rows = {
  efficientvit_b0: { r224_in1k: {} },
  efficientvit_b1: { r224_in1k: {}, r256_in1k: at(256), r288_in1k: at(288) },
  efficientvit_b2: { r224_in1k: {}, r256_in1k: at(256), r288_in1k: at(288) },
  efficientvit_b3: { r224_in1k: {}, r256_in1k: at(256), r288_in1k: at(288) },

  efficientvit_l1: { r224_in1k: whole },
  efficientvit_l2: { r224_in1k: whole, r256_in1k: at(256), r288_in1k: at(288), r384_in1k: at(384) },
  efficientvit_l3: { r224_in1k: whole, r256_in1k: at(256), r320_in1k: at(320), r384_in1k: at(384) },
};

export const weightsMsra: Rows = {
  efficientvit_m0: { r224_in1k: mit },
  efficientvit_m1: { r224_in1k: mit },
  efficientvit_m2: { r224_in1k: mit },
  efficientvit_m3: { r224_in1k: mit },
  efficientvit_m4: { r224_in1k: mit },
  efficientvit_m5: { r224_in1k: mit },
};
