import { jit, tf } from "@vitrine/core";
import { beforeAll, describe, expect, test } from "vitest";
import { useOnnx } from "./register.ts";
import { rand } from "./testing.ts";

beforeAll(async () => {
  await useOnnx();
});

const read = (y: tf.Tensor) => {
  const numbers = Array.from(y.dataSync());
  y.dispose();
  return numbers;
};

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 4);
  });
}

/** A convolution with a batch norm, and a product with something that depends on parameters alone. */
interface Params {
  filter: tf.Tensor4D;
  norm: { scale: tf.Tensor1D; variance: tf.Tensor1D };
  bias: tf.Tensor1D[];
}

function params(): Params {
  return {
    filter: rand(3, 3, 4, 8),
    norm: { scale: rand(8), variance: tf.square(rand(8)) },
    bias: [rand(8), rand(8)],
  };
}

function forward({ filter, norm, bias }: Params, x: tf.Tensor4D): tf.Tensor {
  const y = tf.mul(tf.conv2d(x, filter, 1, "same"), tf.mul(norm.scale, tf.rsqrt(tf.add(norm.variance, 1))));
  return tf.mean(tf.relu(tf.add(y, tf.addN(bias))), [1, 2]);
}

describe("jit with fixed arguments", () => {
  test("gives what it gives without, for each set of parameters and each shape", () => {
    const [plain, fixed] = [jit(forward), jit(forward, { fixed: [0] })];
    for (const p of [params(), params()])
      for (const size of [5, 6, 5]) {
        const x = rand(2, size, size, 4) as tf.Tensor4D;
        expectClose(read(fixed(p, x)), read(plain(p, x)));
        expectClose(read(fixed(p, x)), read(plain(p, x)));
      }
  });

  test("keeps no tensors, and goes on after dispose", () => {
    const fixed = jit(forward, { fixed: [0] });
    const [p, x] = [params(), rand<tf.Rank.R4>(1, 5, 5, 4)];
    const wanted = read(forward(p, x));
    const { numTensors } = tf.memory();
    const ids = tf.engine().backend.numDataIds();
    expectClose(read(fixed(p, x)), wanted);
    fixed.dispose();
    fixed.dispose();
    expectClose(read(fixed(p, x)), wanted);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.engine().backend.numDataIds()).toBe(ids);
  });

  test("holds a copy: a fixed tensor may be disposed, and another put in its place", () => {
    const fixed = jit((w: tf.Tensor, x: tf.Tensor) => tf.mul(w, x), { fixed: [0] });
    const x = tf.scalar(2);
    const first = tf.scalar(3);
    expect(read(fixed(first, x))).toEqual([6]);
    first.dispose();
    expect(read(fixed(tf.scalar(5), x))).toEqual([10]);
    // A clone stands for the same numbers.
    const w = tf.scalar(7);
    expect([read(fixed(w, x)), read(fixed(w.clone(), x))]).toEqual([[14], [14]]);
  });

  test("takes the device's state where nothing varies, and what the function reads from outside", () => {
    const outside = rand(5000);
    const sum = jit((w: tf.Tensor) => tf.sum(tf.mul(w, outside)), { fixed: [0] });
    const w = rand(5000);
    expectClose(read(sum(w)), read(tf.sum(tf.mul(w, outside))));
    const itself = jit((p: { w: tf.Tensor }) => ({ w: p.w }), { fixed: [0] });
    expect(read(itself({ w }).w)).toEqual(Array.from(w.dataSync()));
  });

  test("is part of a compiled function that calls it", () => {
    const inner = jit((w: tf.Tensor, x: tf.Tensor) => tf.mul(w, x), { fixed: [0] });
    const outer = jit((w: tf.Tensor, x: tf.Tensor) => inner(tf.add(w, 1), x));
    const x = tf.scalar(2);
    expect([3, 4].map((w) => read(outer(tf.scalar(w), x)))).toEqual([[8], [10]]);
  });
});
