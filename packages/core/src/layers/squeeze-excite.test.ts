// Expected numbers are timm's.

import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { specLeaves } from "../params.ts";
import { paramsFrom, type State } from "../state.ts";
import { tf } from "../tf.ts";
import {
  type EffectiveSqueezeExcite,
  effectiveSqueezeExcite,
  effectiveSqueezeExciteSpec,
  type SqueezeExcite,
  squeezeExcite,
  squeezeExciteSpec,
} from "./index.ts";

/** A file's numbers, the same as those given to timm's module. */
const fill = (shapes: Record<string, number[]>): State =>
  new Map(
    Object.entries(shapes).map(([key, shape], k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [key, { shape, data: Float32Array.from({ length: size }, (_, i) => ((((i + k) * 5) % 7) - 3) / 4) }];
    }),
  );

const image = () =>
  tf.tensor4d(
    Array.from({ length: 8 }, (_, i) => (((i * 7) % 11) - 5) / 4),
    [1, 2, 2, 2],
  );

function expectClose(found: tf.Tensor, expected: readonly number[]): void {
  const values = Array.from(found.dataSync());
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(expected[i]!, 4);
  });
}

const layers = { "fc1.weight": [3, 2, 1, 1], "fc1.bias": [3], "fc2.weight": [2, 3, 1, 1], "fc2.bias": [2] };

test("squeezeExcite gates each channel by the mean of all", () => {
  const p = paramsFrom<SqueezeExcite>(squeezeExciteSpec(2, 3), fill(layers), "test");
  expectClose(squeezeExcite(p, image()), [-0.47193, 0.35851, -0.18877, 0.89626, 0.09439, -0.53776, 0.37754, 0]);
  expectClose(
    squeezeExcite(p, image(), { activation: "silu", gate: "hard_sigmoid" }),
    [-0.49621, 0.33608, -0.19848, 0.8402, 0.09924, -0.50412, 0.39696, 0],
  );
});

test("squeezeExcite may be without biases", () => {
  expect(specLeaves(squeezeExciteSpec(4, 2, { bias: false })).map(([path]) => path)).toEqual([
    "fc1.weight",
    "fc2.weight",
  ]);
});

test("effectiveSqueezeExcite has one layer and a gate of straight lines", () => {
  const state = fill({ "fc.weight": [2, 2, 1, 1], "fc.bias": [2] });
  const p = paramsFrom<EffectiveSqueezeExcite>(effectiveSqueezeExciteSpec(2), state, "test");
  expectClose(effectiveSqueezeExcite(p, image()), [-0.77474, 0.23958, -0.3099, 0.59896, 0.15495, -0.35938, 0.61979, 0]);
});
