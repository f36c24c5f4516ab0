// Every size in one place, under timm's names. What a row leaves out is a model without squeeze and excitation, and images of
// 224. The number in a name is that of multiply-adds, in hundreds of millions.

import type { RegNetConfig } from "./model.ts";

const y = { seRatio: 0.25 };
const tv = { groupMinRatio: 0.9 };
const v = { ...y, preact: true, actLayer: "silu" } as const;
const z = {
  ...y,
  bottleRatio: 4,
  downsample: null,
  linearOut: true,
  actLayer: "silu",
  zeroInitLast: false,
} as const;

export const sizes = {
  regnetx_002: { w0: 24, wa: 36.44, wm: 2.49, groupSize: 8, depth: 13 },
  regnetx_004: { w0: 24, wa: 24.48, wm: 2.54, groupSize: 16, depth: 22 },
  regnetx_004_tv: { ...tv, w0: 24, wa: 24.48, wm: 2.54, groupSize: 16, depth: 22 },
  regnetx_006: { w0: 48, wa: 36.97, wm: 2.24, groupSize: 24, depth: 16 },
  regnetx_008: { w0: 56, wa: 35.73, wm: 2.28, groupSize: 16, depth: 16 },
  regnetx_016: { w0: 80, wa: 34.01, wm: 2.25, groupSize: 24, depth: 18 },
  regnetx_032: { w0: 88, wa: 26.31, wm: 2.25, groupSize: 48, depth: 25 },
  regnetx_040: { w0: 96, wa: 38.65, wm: 2.43, groupSize: 40, depth: 23 },
  regnetx_064: { w0: 184, wa: 60.83, wm: 2.07, groupSize: 56, depth: 17 },
  regnetx_080: { w0: 80, wa: 49.56, wm: 2.88, groupSize: 120, depth: 23 },
  regnetx_120: { w0: 168, wa: 73.36, wm: 2.37, groupSize: 112, depth: 19 },
  regnetx_160: { w0: 216, wa: 55.59, wm: 2.1, groupSize: 128, depth: 22 },
  regnetx_320: { w0: 320, wa: 69.86, wm: 2, groupSize: 168, depth: 23 },

  regnety_002: { ...y, w0: 24, wa: 36.44, wm: 2.49, groupSize: 8, depth: 13 },
  regnety_004: { ...y, w0: 48, wa: 27.89, wm: 2.09, groupSize: 8, depth: 16 },
  regnety_006: { ...y, w0: 48, wa: 32.54, wm: 2.32, groupSize: 16, depth: 15 },
  regnety_008: { ...y, w0: 56, wa: 38.84, wm: 2.4, groupSize: 16, depth: 14 },
  regnety_008_tv: { ...y, ...tv, w0: 56, wa: 38.84, wm: 2.4, groupSize: 16, depth: 14 },
  regnety_016: { ...y, w0: 48, wa: 20.71, wm: 2.65, groupSize: 24, depth: 27 },
  regnety_032: { ...y, w0: 80, wa: 42.63, wm: 2.66, groupSize: 24, depth: 21 },
  regnety_040: { ...y, w0: 96, wa: 31.41, wm: 2.24, groupSize: 64, depth: 22 },
  regnety_064: { ...y, w0: 112, wa: 33.22, wm: 2.27, groupSize: 72, depth: 25 },
  regnety_080: { ...y, w0: 192, wa: 76.82, wm: 2.19, groupSize: 56, depth: 17 },
  regnety_080_tv: { ...y, ...tv, w0: 192, wa: 76.82, wm: 2.19, groupSize: 56, depth: 17 },
  regnety_120: { ...y, w0: 168, wa: 73.36, wm: 2.37, groupSize: 112, depth: 19 },
  regnety_160: { ...y, w0: 200, wa: 106.23, wm: 2.48, groupSize: 112, depth: 18 },
  regnety_320: { ...y, w0: 232, wa: 115.89, wm: 2.53, groupSize: 232, depth: 20 },
  regnety_640: { ...y, w0: 352, wa: 147.48, wm: 2.4, groupSize: 328, depth: 20, imgSize: 384 },
  regnety_1280: { ...y, w0: 456, wa: 160.83, wm: 2.52, groupSize: 264, depth: 27, imgSize: 384 },
  regnety_2560: { ...y, w0: 640, wa: 230.83, wm: 2.53, groupSize: 373, depth: 27, imgSize: 384 },

  regnetv_040: { ...v, w0: 96, wa: 31.41, wm: 2.24, groupSize: 64, depth: 22 },
  regnetv_064: { ...v, w0: 112, wa: 33.22, wm: 2.27, groupSize: 72, depth: 25, downsample: "avg" },

  regnetz_005: { ...z, w0: 16, wa: 10.7, wm: 2.51, groupSize: 4, depth: 21, numFeatures: 1024 },
  regnetz_040: { ...z, w0: 48, wa: 14.5, wm: 2.226, groupSize: 8, depth: 28, imgSize: 256 },
  regnetz_040_h: { ...z, w0: 48, wa: 14.5, wm: 2.226, groupSize: 8, depth: 28, numFeatures: 1536, imgSize: 256 },
} satisfies Record<string, Partial<RegNetConfig>>;
