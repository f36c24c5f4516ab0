import { readFileSync } from "node:fs";
import type { Preprocess } from "@vitrine/core";
import { encodeModel, openSession } from "@vitrine/onnx";
import { expect, test } from "vitest";
import { type PreprocessMode, preprocessGraph } from "./preprocess-graph.ts";

interface Case {
  width: number;
  height: number;
  size: [number, number];
  cropMode: Preprocess["cropMode"];
  interpolation: Preprocess["interpolation"];
  /** PIL's result, base64. */
  pixels: string;
}

// Made by PIL: fixtures/make-resized.py.
const fixture = JSON.parse(readFileSync(new URL("../fixtures/resized.json", import.meta.url), "utf8")) as {
  cropPct: number;
  mean: number[];
  cases: Case[];
};
const std = [0.5, 0.2, 0.3];

/** The same numbers as in the script. */
function testImage(width: number, height: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) data[i++] = (x * 7 + y * 13 + c * 50 + ((x * y) % 31) * 6) % 256;
  return data;
}

function run(
  preprocess: Preprocess,
  mode: PreprocessMode,
  opset: number,
  data: Uint8Array,
  shape: number[],
): Float32Array {
  const session = openSession(encodeModel(preprocessGraph(preprocess, mode, opset), { opset }));
  try {
    const feeds = new Map([["images", { data, shape, dtype: "uint8" as const }]]);
    return session.run(feeds, new Map([["prepared", undefined]])).get("prepared") as Float32Array;
  } finally {
    session.dispose();
  }
}

const preparation = (given: Partial<Preprocess>): Preprocess => ({
  size: [16, 16],
  channels: 3,
  cropPct: fixture.cropPct,
  cropMode: "center",
  interpolation: "bicubic",
  mean: fixture.mean,
  std,
  ...given,
});

/** [N, C, H, W], normalised → bytes, [H, W, C]. */
function toBytes(values: Float32Array, { mean, std }: Preprocess): number[] {
  const area = values.length / 3;
  return Array.from(values, (_, i) => (values[(i % 3) * area + Math.floor(i / 3)]! * std[i % 3]! + mean[i % 3]!) * 255);
}

test.each(["center", "squash", "border"] as const)("resizes as PIL does and crops as timm does: %s", (cropMode) => {
  const cases = fixture.cases.filter((one) => one.cropMode === cropMode);
  expect(cases.length).toBeGreaterThan(20);
  for (const { width, height, size, interpolation, pixels } of cases) {
    const preprocess = preparation({ size, cropMode, interpolation });
    const found = toBytes(run(preprocess, "full", 17, testImage(width, height), [1, height, width, 3]), preprocess);
    const expected = Buffer.from(pixels, "base64");
    const what = `${width}x${height} to ${size.join("x")}, ${interpolation}`;
    const errors = found.map((value, i) => Math.abs(value - expected[i]!));
    // Filters that are no ratios of whole numbers are computed in float32 here: a value on the edge may round the other way.
    const exact = interpolation === "nearest" || interpolation === "bilinear";
    expect(Math.max(...errors), what).toBeLessThan(exact ? 0.01 : 1.01);
    expect(errors.filter((error) => error > 0.01).length / errors.length, what).toBeLessThan(0.005);
  }
});

test.each([18, 20, 23])("gives the same in opset %i", (opset) => {
  const [data, shape] = [testImage(60, 41), [1, 41, 60, 3]];
  expect(run(preparation({}), "full", opset, data, shape)).toEqual(run(preparation({}), "full", 17, data, shape));
});

test("prepares every image of a batch alike", () => {
  const one = testImage(23, 31);
  const two = one.map((value) => 255 - value);
  const both = run(preparation({}), "full", 20, Uint8Array.from([...one, ...two]), [2, 31, 23, 3]);
  expect(both.subarray(0, both.length / 2)).toEqual(run(preparation({}), "full", 20, one, [1, 31, 23, 3]));
  expect(both.subarray(both.length / 2)).toEqual(run(preparation({}), "full", 20, two, [1, 31, 23, 3]));
});

test.each([
  [1, 1],
  [1, 400],
  [400, 1],
])("survives an image of %i x %i pixels", (width, height) => {
  const values = run(preparation({ cropMode: "border" }), "full", 20, testImage(width, height), [1, height, width, 3]);
  expect(values.every(Number.isFinite)).toBe(true);
});

test("only scales and normalises where the size is the model's already", () => {
  const preprocess = preparation({});
  const data = testImage(16, 16);
  const found = toBytes(run(preprocess, "normalize", 17, data, [1, 16, 16, 3]), preprocess);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(data[i]!, 3);
});
