// Numbers: timm 1.0.31, made by scripts/fixtures/regnet.py and variants.py.

import { configure, createModel, tf } from "@vitrine/core";
import { describeFamily, useBackend } from "@vitrine/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import { regnet } from "./index.ts";
import { roundEven, stageWidths } from "./widths.ts";

describeFamily(regnet, { fixtures: new URL("../fixtures/", import.meta.url) });

describe("the rule of widths", () => {
  const rule = (name: string, options = {}) => stageWidths(configure(regnet, name, options));

  test("gives the stages of the paper's table", () => {
    const x = rule("regnetx_004");
    expect(x.map(({ width, depth }) => [width, depth])).toEqual([[32, 1], [64, 2], [160, 7], [384, 12]]); // biome-ignore format: one line
    const y = rule("regnety_160");
    expect(y.map(({ width, depth }) => [width, depth])).toEqual([[224, 2], [448, 4], [1232, 11], [3024, 1]]); // biome-ignore format: one line
    expect(y.map(({ groupSize }) => groupSize)).toEqual([112, 112, 112, 112]);
  });

  test("rounds widths to groups in two ways", () => {
    const options = { w0: 8, wa: 7, wm: 1.5, groupSize: 6, depth: 5 };
    expect(rule("regnetx_004", options).map(({ width }) => width)).toEqual([6, 18, 24, 42]);
    expect(rule("regnetx_004_tv", options).map(({ width }) => width)).toEqual([12, 18, 24, 42]);
  });

  test("rounds halves to even numbers", () => {
    expect([0.5, 1.5, 2.5, 2.4, 2.6, -0.5].map((x) => roundEven(x) + 0)).toEqual([0, 2, 2, 2, 3, 0]);
  });

  test("says what to change where it does not give four stages", () => {
    const options = { w0: 8, wa: 8, wm: 1.8 };
    expect(() => rule("regnetx_002", { ...options, depth: 2 })).toThrow("depth 2 give widths 8, 16; raise wa or depth");
    expect(() => rule("regnetx_002", { ...options, depth: 30 })).toThrow("raise wm");
    expect(() => rule("regnetx_002", { w0: 10 })).toThrow("w0 is a multiple of 8");
  });
});

describe("regnet", () => {
  beforeAll(() => useBackend("cpu"));

  const small = { w0: 8, wa: 8, wm: 1.8, groupSize: 4, depth: 5, stemWidth: 8, imgSize: 64, numClasses: 3 };

  test("keeps its last maps finer where the output stride is smaller", () => {
    const maps = ([32, 16, 8] as const).map((outputStride) => {
      const model = createModel(regnet, "regnetx_002", { ...small, outputStride });
      const features = model.features(tf.zeros<tf.Rank.R4>([1, 64, 64, 3]));
      return [features.shape[1], model.stages.at(-1)!.stride];
    });
    expect(maps).toEqual([[2, 32], [4, 16], [8, 8]]); // biome-ignore format: one line
    const make = () => createModel(regnet, "regnetx_002", { ...small, outputStride: 4 as 8 });
    expect(make).toThrow("outputStride is 8, 16 or 32, found 4");
  });
});
