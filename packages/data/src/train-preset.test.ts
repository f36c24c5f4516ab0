import { describe, expect, test } from "vitest";
import { trainTransform, trainTransformParts } from "./train-preset.ts";

const names = (options: Parameters<typeof trainTransform>[0]) => trainTransform(options).ops.map(({ op }) => op);

describe("the operations of timm's create_transform, in its order", () => {
  test.for([
    [{}, ["randomResizedCrop", "hflip", "colorJitter"]],
    [{ autoAugment: "rand-m9-mstd0.5-inc1" }, ["randomResizedCrop", "hflip", "randAugment"]],
    [{ autoAugment: "rand", forceColorJitter: true }, ["randomResizedCrop", "hflip", "randAugment", "colorJitter"]],
    [{ autoAugment: "3a" }, ["randomResizedCrop", "hflip", "autoAugment", "colorJitter"]],
    [{ autoAugment: "rand-t3a" }, ["randomResizedCrop", "hflip", "randAugment", "colorJitter"]],
    [{ autoAugment: "3a", colorJitter: 0 }, ["randomResizedCrop", "hflip", "autoAugment"]],
    [{ autoAugment: "v0", hflip: 0, vflip: 0.5 }, ["randomResizedCrop", "vflip", "autoAugment"]],
    [{ autoAugment: "augmix", trainCropMode: "rkrc" }, ["keepRatioCrop", "hflip", "augMix"]],
    [{ autoAugment: "ta_wide", trainCropMode: "rkrr" }, ["keepRatioCrop", "hflip", "trivialAugment"]],
    [
      { grayscaleProb: 0.2, gaussianBlurProb: 0.5, colorJitterProb: 0.8 },
      ["randomResizedCrop", "hflip", "colorJitter", "grayscale", "gaussianBlur"],
    ],
    [{ autoAugment: "" }, ["randomResizedCrop", "hflip", "colorJitter"]],
  ] as const)("%o", ([options, expected]) => {
    expect(names({ size: 32, ...options })).toEqual(expected);
  });
});

test("policies fill with the mean, reach by the image's size, and warp as images are resized", () => {
  const policy = (options: object) => trainTransform({ size: [100, 224], ...options }).ops.at(-1);
  expect(policy({ autoAugment: "rand" })).toMatchObject({
    fill: [124, 116, 104],
    interpolation: "random",
    reach: { translateConst: 45, translatePct: 0.45 },
  });
  expect(policy({ autoAugment: "augmix", interpolation: "bicubic", mean: [0.5, 0.1, 1.2] })).toMatchObject({
    // A half goes to the even neighbour, as in Python.
    fill: [128, 26, 255],
    interpolation: "bicubic",
    reach: { translateConst: 45, translatePct: 0.3 },
  });
  expect(policy({ autoAugment: "v0", interpolation: "lanczos" })).toMatchObject({ interpolation: "bicubic" });
  expect(policy({ autoAugment: "rand", channels: 1, mean: [0.3] })).toMatchObject({ fill: [76] });
  expect(policy({ autoAugment: "ta_wide" })).toMatchObject({ fill: [0], interpolation: "nearest" });
  expect(policy({ autoAugment: "ta_wide", interpolation: "bilinear" })).toMatchObject({ interpolation: "bilinear" });
});

test("crops that keep the ratio have defaults of their own", () => {
  expect(trainTransform({ size: 8, trainCropMode: "rkrr" }).ops[0]).toEqual({
    op: "keepRatioCrop",
    size: [8, 8],
    scale: [0.8, 1],
    ratio: [0.9, 1 / 0.9],
    interpolation: "random",
    crop: "random",
  });
  expect(trainTransform({ size: 8, crop: "rkrc", scale: [0.5, 2] }).ops[0]).toMatchObject({ scale: [0.5, 2] });
});

test("the two parts are the whole, cut behind the flips", () => {
  const options = { size: 16, autoAugment: "augmix", vflip: 0.1, grayscaleProb: 0.1 } as const;
  const { primary, secondary } = trainTransformParts(options);
  expect(primary.ops.map(({ op }) => op)).toEqual(["randomResizedCrop", "hflip", "vflip"]);
  expect(secondary.ops.map(({ op }) => op)).toEqual(["augMix", "grayscale"]);
  expect({ ...primary, ops: [...primary.ops, ...secondary.ops] }).toEqual(trainTransform(options));
});

test.for([
  [{ autoAugment: "rand-m9-mst0.5" }, 'unknown key "mst" (did you mean "mstd"?)'],
  [
    { trainCropMode: "rkcr" as "rkrc" },
    'trainCropMode must be one of rrc, rkrc, rkrr, pad, none; found "rkcr" (did you mean',
  ],
  [{ trainCropMode: "rrc", crop: "pad" }, 'two names of one option, found "rrc" and "pad"'],
  [{ grayscaleProb: 1.5 }, "grayscaleProb must be a chance from 0 to 1, found 1.5"],
  [{ gaussianBlurProb: -1 }, "gaussianBlurProb must be a chance"],
  [{ mean: [0.1, 0.2], autoAugment: "rand" }, "mean must have 1 or 3 numbers, found 2"],
  [{ scale: [0.5, 2] }, "scale must be two numbers with 0 < low <= high <= 1"],
] as const)("refuses nonsense: %#", ([options, message]) => {
  expect(() => trainTransform({ size: 8, ...options })).toThrow(message);
});
