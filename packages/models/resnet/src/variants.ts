// Every size in one place, under timm's names. What a row leaves out is ResNet-50's: bottlenecks, [3, 4, 6, 3] of them, a stem
// of one convolution, images of 224.

import type { ResNetConfig } from "./model.ts";

const basic = { block: "basic" } as const;
const two = { layers: [2, 2, 2, 2] };
const six = { layers: [3, 4, 6, 3] };
const deep101 = { layers: [3, 4, 23, 3] };
const deep152 = { layers: [3, 8, 36, 3] };
const deep200 = { layers: [3, 24, 36, 3] };
const deep269 = { layers: [3, 30, 48, 8] };

// The letters behind the depth: C and S have a deep stem, D and T pooled shortcuts as well.
const c = { stemWidth: 32, stemType: "deep" } as const;
const s = { stemWidth: 64, stemType: "deep" } as const;
const d = { ...c, avgDown: true } as const;
const t = { ...d, stemType: "deep_tiered" } as const;

const groups32x4 = { cardinality: 32, baseWidth: 4 };
const groups32x8 = { cardinality: 32, baseWidth: 8 };
const groups64x4 = { cardinality: 64, baseWidth: 4 };
const se = { blockArgs: { attnLayer: "se" } } as const;
const eca = { blockArgs: { attnLayer: "eca" } } as const;
const aa = { aaLayer: "avg" } as const;
const rs = { ...d, replaceStemPool: true, blockArgs: { attnLayer: "se", rdRatio: 0.25 } } as const;

export const sizes = {
  resnet10t: { ...basic, ...t, layers: [1, 1, 1, 1], imgSize: 176 },
  resnet14t: { ...t, layers: [1, 1, 1, 1], imgSize: 176 },
  resnet18: { ...basic, ...two },
  resnet18d: { ...basic, ...two, ...d },
  resnet26: { ...two },
  resnet26d: { ...two, ...d },
  resnet26t: { ...two, ...t, imgSize: 256 },
  resnet34: { ...basic, ...six },
  resnet34d: { ...basic, ...six, ...d },
  resnet50: {},
  resnet50c: { ...c },
  resnet50d: { ...d },
  resnet50s: { ...s },
  resnet50t: { ...t },
  resnet101: { ...deep101 },
  resnet101c: { ...deep101, ...c },
  resnet101d: { ...deep101, ...d, imgSize: 256 },
  resnet101s: { ...deep101, ...s },
  resnet152: { ...deep152 },
  resnet152c: { ...deep152, ...c },
  resnet152d: { ...deep152, ...d, imgSize: 256 },
  resnet152s: { ...deep152, ...s },
  resnet200: { ...deep200 },
  resnet200d: { ...deep200, ...d, imgSize: 256 },

  wide_resnet50_2: { baseWidth: 128 },
  wide_resnet101_2: { ...deep101, baseWidth: 128 },

  resnext50_32x4d: { ...groups32x4 },
  resnext50d_32x4d: { ...groups32x4, ...d },
  resnext101_32x4d: { ...deep101, ...groups32x4 },
  resnext101_32x8d: { ...deep101, ...groups32x8 },
  resnext101_32x16d: { ...deep101, cardinality: 32, baseWidth: 16 },
  resnext101_32x32d: { ...deep101, cardinality: 32, baseWidth: 32 },
  resnext101_64x4d: { ...deep101, ...groups64x4 },

  seresnet18: { ...basic, ...two, ...se },
  seresnet34: { ...basic, ...six, ...se },
  seresnet50: { ...se },
  seresnet50t: { ...t, ...se },
  seresnet101: { ...deep101, ...se },
  seresnet152: { ...deep152, ...se },
  seresnet152d: { ...deep152, ...d, ...se, imgSize: 256 },
  seresnet200d: { ...deep200, ...d, ...se, imgSize: 256 },
  seresnet269d: { ...deep269, ...d, ...se, imgSize: 256 },
  seresnext26d_32x4d: { ...two, ...groups32x4, ...d, ...se },
  seresnext26t_32x4d: { ...two, ...groups32x4, ...t, ...se },
  seresnext50_32x4d: { ...groups32x4, ...se },
  seresnext101_32x4d: { ...deep101, ...groups32x4, ...se },
  seresnext101_32x8d: { ...deep101, ...groups32x8, ...se },
  seresnext101d_32x8d: { ...deep101, ...groups32x8, ...d, ...se },
  seresnext101_64x4d: { ...deep101, ...groups64x4, ...se },
  senet154: { ...deep152, ...groups64x4, ...s, ...se, downKernelSize: 3, blockReduceFirst: 2 },

  ecaresnet26t: { ...two, ...t, ...eca, imgSize: 256 },
  ecaresnet50d: { ...d, ...eca },
  ecaresnet50t: { ...t, ...eca, imgSize: 256 },
  ecaresnetlight: { ...eca, layers: [1, 1, 11, 3], stemWidth: 32, avgDown: true },
  ecaresnet101d: { ...deep101, ...d, ...eca },
  ecaresnet200d: { ...deep200, ...d, ...eca, imgSize: 256 },
  ecaresnet269d: { ...deep269, ...d, ...eca, imgSize: 320 },
  ecaresnext26t_32x4d: { ...two, ...groups32x4, ...t, ...eca },
  ecaresnext50t_32x4d: { ...groups32x4, ...t, ...eca },

  resnetaa34d: { ...basic, ...six, ...d, ...aa },
  resnetaa50: { ...aa },
  resnetaa50d: { ...d, ...aa },
  resnetaa101d: { ...deep101, ...d, ...aa },
  seresnetaa50d: { ...d, ...se, ...aa },
  seresnextaa101d_32x8d: { ...deep101, ...groups32x8, ...d, ...se, ...aa, imgSize: 288 },
  seresnextaa201d_32x8d: { ...groups32x8, ...d, ...se, ...aa, layers: [3, 24, 36, 4], stemWidth: 64, imgSize: 384 },

  resnetrs50: { ...rs, imgSize: 160 },
  resnetrs101: { ...rs, ...deep101, imgSize: 192 },
  resnetrs152: { ...rs, ...deep152, imgSize: 256 },
  resnetrs200: { ...rs, ...deep200, imgSize: 256 },
  resnetrs270: { ...rs, layers: [4, 29, 53, 4], imgSize: 256 },
  resnetrs350: { ...rs, layers: [4, 36, 72, 4], imgSize: 288 },
  resnetrs420: { ...rs, layers: [4, 44, 87, 4], imgSize: 320 },
} satisfies Record<string, Partial<ResNetConfig>>;
