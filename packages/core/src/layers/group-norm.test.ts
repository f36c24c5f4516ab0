// Values against the formula written out in float64, gradients against its differences.

import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../rng.ts";
import { tf } from "../tf.ts";
import { groupNorm } from "./group-norm.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
  (tf.backend() as { firstUse?: boolean }).firstUse = false;
});

const shape = [2, 3, 2, 4];

function values(name: string, size: number): number[] {
  const rng = Rng.of(name);
  return Array.from({ length: size }, () => Math.fround(rng.normal()));
}

/** Group norm of [B, S, C] written out; `x[(b·S + s)·C + c]`. */
function written(x: number[], scale: number[], offset: number[], groups: number): number[] {
  const [batch, spots, channels] = [2, 6, 4];
  const wide = channels / groups;
  return x.map((value, i) => {
    const c = i % channels;
    const b = Math.floor(i / (spots * channels));
    const group = Math.floor(c / wide);
    const own = x.filter(
      (_, j) => Math.floor(j / (spots * channels)) === b && Math.floor((j % channels) / wide) === group,
    );
    expect(own).toHaveLength((x.length / batch / channels) * wide);
    const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
    const variance = own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length;
    return ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[c]! + offset[c]!;
  });
}

describe("groupNorm", () => {
  const x = values("x", 48);
  const scale = values("scale", 4);
  const offset = values("offset", 4);
  const weights = values("weights", 48);
  const loss = (x: number[], scale: number[], offset: number[], groups: number) =>
    written(x, scale, offset, groups).reduce((sum, y, i) => sum + y * weights[i]!, 0);

  test.each([1, 2, 4])("gives the formula's values and gradients in %i groups", async (groups) => {
    const p = { weight: tf.tensor1d(scale), bias: tf.tensor1d(offset) };
    const input = tf.tensor(x, shape);
    const y = await groupNorm(p, input, groups).data();
    const expected = written(x, scale, offset, groups);
    for (const [i, value] of expected.entries()) expect(y[i]).toBeCloseTo(value, 5);

    const f = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
      tf.sum(tf.mul(groupNorm({ weight, bias } as typeof p, x, groups), tf.tensor(weights, shape))) as tf.Scalar;
    const found = await Promise.all(
      tf
        .grads(f as never)([input, p.weight, p.bias])
        .map((g) => g.data()),
    );
    const inputs = [x, scale, offset];
    inputs.forEach((values, which) => {
      values.forEach((_, i) => {
        const moved = (by: number) => inputs.map((v, k) => (k === which ? v.map((e, j) => (j === i ? e + by : e)) : v));
        const [up, down] = [1e-4, -1e-4].map((by) => loss(...(moved(by) as [number[], number[], number[]]), groups));
        expect(found[which]![i]).toBeCloseTo((up! - down!) / 2e-4, 3);
      });
    });
  });

  test("refuses groups that do not divide the channels", () => {
    const p = { weight: tf.ones<tf.Rank.R1>([4]), bias: tf.zeros<tf.Rank.R1>([4]) };
    expect(() => groupNorm(p, tf.ones(shape), 3)).toThrow("4 channels do not divide into 3 groups");
  });
});
