import "@tensorflow/tfjs-backend-cpu";
import { gelu, jit, keyedUniform, layerNorm, scope, tf, trainingMode } from "@vitrine/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createProgram } from "./program.ts";
import { useOnnx } from "./register.ts";
import { trace } from "./trace.ts";

/** The numbers of a computation on this backend and on tfjs' own cpu backend. */
async function both(compute: () => tf.Tensor): Promise<[number[], number[]]> {
  await tf.setBackend("cpu");
  const expected = Array.from(compute().dataSync());
  await useOnnx();
  return [Array.from(compute().dataSync()), expected];
}

function expectClose(found: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  expect(found.length).toBe(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i]!)));
  });
}

const ramp = (...shape: number[]) => {
  const size = shape.reduce((product, d) => product * d, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7) + 0.1),
    shape,
  );
};

describe("the lazy backend", () => {
  beforeEach(async () => {
    await useOnnx();
  });

  test("computes when a value is read, and what is still held with it", () => {
    const x = ramp(2, 3);
    const doubled = tf.mul(x, 2);
    const sum = tf.sum(doubled);
    expect(sum.dataSync()[0]).toBeCloseTo(
      Array.from(x.dataSync()).reduce((s, v) => s + 2 * v, 0),
      5,
    );
    expectClose(
      Array.from(doubled.dataSync()),
      Array.from(x.dataSync()).map((v) => 2 * v),
    );
  });

  test("gives the gradients of a small perceptron that the cpu backend gives", async () => {
    const loss = (w: tf.Tensor) => {
      const hidden = gelu(tf.matMul(ramp(5, 4), w as tf.Tensor2D));
      const normal = layerNorm(hidden, tf.tensor1d([1, 0.5, 2]), tf.tensor1d([0, 1, 0]), 1e-6);
      return tf.neg(tf.mean(tf.logSoftmax(normal))) as tf.Scalar;
    };
    const [found, expected] = await both(() => tf.grad(loss)(ramp(4, 3)));
    expectClose(found, expected);
  });

  test("leaves no tensor behind", () => {
    const before = tf.memory();
    tf.tidy(() =>
      tf
        .grad((x: tf.Tensor) => tf.sum(tf.square(gelu(x))))(ramp(3, 3))
        .dataSync(),
    );
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  test("draws the same random bits as other backends", async () => {
    const mode = scope(trainingMode(tf.tensor1d([42, 7], "int32")), "blocks.3");
    const [found, expected] = await both(() =>
      keyedUniform({ ...mode, key: tf.tensor1d([42, -7], "int32") }, "drop", [7, 300]),
    );
    expect(found).toEqual(expected);
    const mean = found.reduce((s, v) => s + v, 0) / found.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});

describe("jit", () => {
  test("gives what the function gives, and compiles once a signature", async () => {
    await useOnnx();
    let calls = 0;
    const f = jit((p: { w: tf.Tensor2D }, x: tf.Tensor2D) => {
      calls++;
      return { y: tf.relu(tf.matMul(x, p.w)), sum: [tf.sum(x)] };
    });
    const w = ramp(3, 2) as tf.Tensor2D;
    for (const rows of [2, 2, 4, 2]) {
      const x = ramp(rows, 3) as tf.Tensor2D;
      const { y, sum } = f({ w }, x);
      expectClose(Array.from(y.dataSync()), Array.from(tf.relu(tf.matMul(x, w)).dataSync()));
      expectClose(Array.from(sum[0]!.dataSync()), Array.from(tf.sum(x).dataSync()));
    }
    expect(calls).toBe(2);
  });

  test("leaves no tensor behind, and does not dispose what it was given", async () => {
    await useOnnx();
    const outside = ramp(2);
    const f = jit((x: tf.Tensor) => ({ x, outside, kept: tf.keep(tf.square(x)) }));
    const x = ramp(3);
    const before = tf.memory().numTensors;
    const result = f(x);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose(result);
    tf.dispose(f(x));
    expect(tf.memory().numTensors).toBe(before);
    expect([outside.isDisposed, x.isDisposed]).toEqual([false, false]);
  });

  test("refuses to read numbers while tracing", async () => {
    await useOnnx();
    const f = jit((x: tf.Tensor) => tf.mul(x, tf.sum(x).dataSync()[0]!));
    expect(() => f(ramp(3))).toThrow("a traced function read the numbers of a tensor");
  });
});

describe("trace", () => {
  test("makes a graph whose batch varies", async () => {
    await useOnnx();
    const w = ramp(6, 4) as tf.Tensor2D;
    const f = (x: tf.Tensor) => {
      const flat = tf.reshape(x, [x.shape[0]!, 6]) as tf.Tensor2D;
      const joined = tf.concat([tf.tile(tf.ones([1, 4]), [x.shape[0]!, 1]), tf.matMul(flat, w)], 1);
      return tf.mean(tf.slice(joined, [0, 1], [-1, 6]), 1);
    };
    const graph = trace((x) => [{ name: "y", tensor: f(x!) }], [{ name: "x", shape: ["batch", 2, 3] }]);
    expect(graph.inputs[0]!.symbols).toEqual({ 0: "batch" });
    expect(graph.outputs[0]!.symbols).toEqual({ 0: "batch" });
    const program = createProgram(graph);
    const x = ramp(2, 2, 3);
    expectClose(Array.from(program.run([x.dataSync<"float32">()])[0] as Float32Array), Array.from(f(x).dataSync()));
    program.dispose();
  });
});
