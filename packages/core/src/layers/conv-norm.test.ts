// Expected numbers are timm's.

import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { inference, trainingMode } from "../mode.ts";
import { initParams, specLeaves } from "../params.ts";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import {
  type Conv,
  type ConvNorm,
  conv,
  convNorm,
  convNormSpec,
  convSpec,
  makeDivisible,
  pixelLinear,
} from "./index.ts";

const image = () =>
  tf.tensor4d(
    Array.from({ length: 8 }, (_, i) => (((i * 7) % 11) - 5) / 4),
    [1, 2, 2, 2],
  );

/** Weights as they were given to timm's module: [O, I / groups, 3, 3] in the file, here turned to [3, 3, I / groups, O]. */
function layer(to: number, groups: number): ConvNorm {
  const numbers = (size: number, k: number) => Array.from({ length: size }, (_, i) => ((((i + k) * 5) % 7) - 3) / 4);
  const file = tf.tensor4d(numbers((to * 18) / groups, 0), [to, 2 / groups, 3, 3]);
  const weight = tf.transpose(file, [2, 3, 1, 0]);
  const p = initParams<ConvNorm>(convNormSpec(3, 2, to, { groups }), Rng.of(1));
  return { conv: { weight }, bn: { ...p.bn, weight: tf.tensor1d(numbers(to, 1)), bias: tf.tensor1d(numbers(to, 2)) } };
}

function expectClose(found: tf.Tensor, expected: readonly number[]): void {
  const values = Array.from(found.dataSync());
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(expected[i]!, 4);
  });
}

test("convNorm filters, normalises and bends", () => {
  expectClose(convNorm(layer(4, 2), image(), inference, { stride: 2, activation: "relu" }), [0, 0, 0.90625, 0.90625]);
});

test("convNorm pads as TensorFlow does where asked to", () => {
  expectClose(convNorm(layer(2, 1), image(), inference, { stride: 2, padding: "same" }), [0.25, -0.5]);
});

test("convNorm has timm's keys, and puts its statistics under them", () => {
  const keys = specLeaves(convNormSpec(1, 2, 3, { bias: true })).map(([path]) => path);
  expect(keys.slice(0, 4)).toEqual(["conv.weight", "conv.bias", "bn.weight", "bn.bias"]);
  const mode = trainingMode();
  convNorm(layer(2, 1), image(), mode);
  expect([...mode.updates!.keys()]).toEqual(["bn.running_mean", "bn.running_var", "bn.num_batches_tracked"]);
});

test("convolutions in groups are those of the parts", () => {
  const x = tf.reshape(tf.range(0, 2 * 5 * 4 * 6), [2, 5, 4, 6]) as tf.Tensor4D;
  for (const [groups, to] of [
    [2, 4],
    [3, 3],
    [6, 12],
  ] as const) {
    // biome-ignore format: one line
    const p = initParams<Conv>(convSpec(3, 6, to, { groups, bias: false }), Rng.of(groups));
    expect(p.weight.shape).toEqual([3, 3, 6 / groups, to]);
    const filters = tf.split<tf.Tensor4D>(p.weight, groups, 3);
    const parts = tf.split<tf.Tensor4D>(x, groups, 3).map((part, i) => tf.conv2d(part, filters[i]!, 2, 1));
    const worst = tf.max(tf.abs(tf.sub(conv(p, x, { stride: 2, padding: 1 }), tf.concat(parts, 3))));
    expect(worst.dataSync()[0]).toBeLessThan(1e-3);
  }
});

test("pixelLinear is a convolution of one pixel", () => {
  const p = initParams<Conv>(convSpec(1, 2, 3), Rng.of(1));
  expectClose(pixelLinear(p, image()), Array.from(conv(p, image()).dataSync()));
});

test("channels that do not divide into groups are refused", () => {
  expect(() => convSpec(3, 6, 4, { groups: 3 })).toThrow("conv: 6 and 4 channels do not divide into 3 groups");
});

test("makeDivisible rounds to the divisor, and up where too much would be lost", () => {
  const cases = [[3], [20], [12], [35], [25, 8, 0], [35, 8, 0], [33, 16], [23, 8, 0.9]] as [number, number?, number?][];
  expect(cases.map((c) => makeDivisible(...c))).toEqual([8, 24, 16, 32, 24, 32, 32, 24]);
});
