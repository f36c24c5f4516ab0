// For tests of lowerings: a computation on TensorFlow.js' cpu backend and on this one must give the same numbers.

import "@tensorflow/tfjs-backend-cpu";
import { jit, Rng, tf } from "@vitrine/core";
import { describe, expect, test } from "vitest";
import { useOnnx } from "./register.ts";

export interface ParityOptions {
  /** Largest difference allowed, in units of 1 + |expected|. */
  tolerance?: number;
}

/** A title, and what to compute: one tensor or several. Tensors are made inside, so that each backend has its own. */
export type ParityRow = readonly [title: string, compute: () => tf.Tensor | tf.Tensor[]];

interface Result {
  shape: number[];
  dtype: string;
  values: number[];
}

let draws = 0;

/** Normal numbers, the same at the same place of a computation on every backend. */
export function rand<R extends tf.Rank>(...shape: tf.ShapeMap[R]): tf.Tensor<R> {
  const rng = Rng.of("parity", draws++);
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => rng.normal());
  return tf.tensor<R>(values, shape);
}

/** Integers in [low, high), the same at the same place of a computation on every backend. */
export function randInt<R extends tf.Rank>(low: number, high: number, ...shape: tf.ShapeMap[R]): tf.Tensor<R> {
  const rng = Rng.of("parity", draws++);
  const values = Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => low + rng.int(high - low));
  return tf.tensor<R>(values, shape, "int32");
}

/** One test a row: the lazy backend and a compiled function against TensorFlow.js' cpu backend. */
export function parity(name: string, rows: readonly ParityRow[], { tolerance = 1e-4 }: ParityOptions = {}): void {
  describe(name, () => {
    test.each(rows.map(([title, compute]) => ({ title, compute })))("$title", async ({ compute }) => {
      await tf.setBackend("cpu");
      const expected = read(compute);
      await useOnnx();
      expectSame(read(compute), expected, tolerance, "lazy");
      const compiled = jit((..._none: tf.Tensor[]) => compute());
      expectSame(
        read(() => compiled()),
        expected,
        tolerance,
        "jit",
      );
    });
  });
}

function read(compute: ParityRow[1]): Result[] {
  draws = 0;
  return tf.tidy(() => {
    const tensors = compute();
    const list = Array.isArray(tensors) ? tensors : [tensors];
    return list.map((t) => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) }));
  }) as unknown as Result[];
}

function expectSame(found: readonly Result[], expected: readonly Result[], tolerance: number, how: string): void {
  expect(found.length, how).toBe(expected.length);
  found.forEach(({ shape, dtype, values }, i) => {
    const wanted = expected[i]!;
    expect({ shape, dtype }, `${how}, output ${i}`).toEqual({ shape: wanted.shape, dtype: wanted.dtype });
    const at = values.findIndex((value, k) => !close(value, wanted.values[k]!, tolerance));
    const difference = `${how}, output ${i}, element ${at}: ${values[at]}, and ${wanted.values[at]} on cpu`;
    expect(at, difference).toBe(-1);
  });
}

function close(value: number, wanted: number, tolerance: number): boolean {
  if (Object.is(value, wanted) || value === wanted) return true;
  if (!Number.isFinite(value) || !Number.isFinite(wanted)) return false;
  return Math.abs(value - wanted) <= tolerance * (1 + Math.abs(wanted));
}
