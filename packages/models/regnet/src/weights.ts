// Published checkpoints by variant and tag, as timm lists them; the first is the usual one. What a row leaves out is a head
// for 1000 classes, the licence Apache-2.0, and `preparation` below.

import { imagenetMean, imagenetStd, type Preparation, type PretrainedRow } from "@vitrine/core";

/** How most of the family's images are prepared. */
export const preparation: Preparation = {
  cropPct: 0.875,
  cropMode: "center",
  interpolation: "bicubic",
  mean: imagenetMean,
  std: imagenetStd,
};

const most = { cropPct: 0.95 };
const whole = { cropPct: 1 };
const in12k = { ...most, numClasses: 11821 };
const pycls = { license: "mit" };
const torchvision = { cropPct: 0.965, license: "bsd-3-clause" };
const swag = { cropPct: 0.965, license: "cc-by-nc-4.0" };
const seer = { cropPct: 0.965, license: "seer-license", numClasses: 0 };
const seerTuned = { cropPct: 1, license: "seer-license" };

export const weights: Readonly<Record<string, Readonly<Record<string, PretrainedRow>>>> = {
  regnetx_002: { pycls_in1k: pycls },
  regnetx_004: { pycls_in1k: pycls },
  regnetx_004_tv: { tv2_in1k: torchvision },
  regnetx_006: { pycls_in1k: pycls },
  regnetx_008: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnetx_016: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnetx_032: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnetx_040: { pycls_in1k: pycls },
  regnetx_064: { pycls_in1k: pycls },
  regnetx_080: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnetx_120: { pycls_in1k: pycls },
  regnetx_160: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnetx_320: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnety_002: { pycls_in1k: pycls },
  regnety_004: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnety_006: { pycls_in1k: pycls },
  regnety_008: { pycls_in1k: pycls },
  regnety_008_tv: { tv2_in1k: torchvision },
  regnety_016: { tv2_in1k: torchvision, pycls_in1k: pycls },
  regnety_032: { ra_in1k: most, tv2_in1k: torchvision, pycls_in1k: pycls },
  regnety_040: { ra3_in1k: most, pycls_in1k: pycls },
  regnety_064: { ra3_in1k: most, pycls_in1k: pycls },
  regnety_080: { ra3_in1k: most, pycls_in1k: pycls },
  regnety_080_tv: { tv2_in1k: torchvision },
  regnety_120: { sw_in12k_ft_in1k: most, sw_in12k: in12k, pycls_in1k: pycls },
  regnety_160: {
    sw_in12k_ft_in1k: most,
    lion_in12k_ft_in1k: most,
    sw_in12k: in12k,
    deit_in1k: most,
    tv2_in1k: torchvision,
    swag_ft_in1k: { ...swag, ...whole, imgSize: 384 },
    swag_lc_in1k: swag,
    pycls_in1k: pycls,
  },
  regnety_320: {
    tv2_in1k: torchvision,
    swag_ft_in1k: { ...swag, ...whole, imgSize: 384 },
    swag_lc_in1k: swag,
    seer_ft_in1k: { ...seerTuned, imgSize: 384 },
    seer: seer,
    pycls_in1k: pycls,
  },
  regnety_640: { seer_ft_in1k: seerTuned, seer: { ...seer, imgSize: 224 } },
  regnety_1280: {
    swag_ft_in1k: { ...swag, ...whole },
    swag_lc_in1k: { ...swag, imgSize: 224 },
    seer_ft_in1k: seerTuned,
    seer: { ...seer, imgSize: 224 },
  },
  regnety_2560: { seer_ft_in1k: seerTuned },
  regnetv_040: { ra3_in1k: most },
  regnetv_064: { ra3_in1k: most },
  regnetz_040: { ra3_in1k: whole },
  regnetz_040_h: { ra3_in1k: whole },
};
